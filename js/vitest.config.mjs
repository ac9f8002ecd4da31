export default {
  test: { environment: 'happy-dom', include: ['tests/**/*.test.{ts,tsx}'] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } }
};
