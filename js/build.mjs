// Bundles both surfaces; `npm run build` then federates the second one.
//   src/widgets/<name>.ts -> ../hanalife/static/<name>.js, .css   one self-contained module for each anywidget
//   src/lab/index.ts      -> lib/index.js, .css                   Jupyter's own packages stay outside
import * as esbuild from 'esbuild';
import { readdirSync, rmSync } from 'node:fs';

const WIDGETS = '../hanalife/static';
const watch = process.argv.includes('--watch');
const common = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  sourcemap: watch ? 'inline' : false,
  jsx: 'automatic',
  jsxImportSource: 'preact',
  logLevel: 'info'
};
const builds = [
  {
    ...common,
    entryPoints: readdirSync('src/widgets').map(name => `src/widgets/${name}`),
    outdir: WIDGETS,
    minify: !watch
  },
  {
    ...common,
    entryPoints: { index: 'src/lab/index.ts' },
    outdir: 'lib',
    external: ['@jupyterlab/*', '@lumino/*']
  }
];

if (watch) {
  for (const build of builds) await (await esbuild.context(build)).watch();
} else {
  for (const folder of [WIDGETS, 'lib']) rmSync(folder, { recursive: true, force: true });
  await Promise.all(builds.map(build => esbuild.build(build)));
}
