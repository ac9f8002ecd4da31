/** Axes that run side by side, one a name: where a value lies on its own. Pure. */

export interface Axis {
  name: string;
  /** What is written at its ends, or beside each place where its values are texts. */
  ticks: { text: string; at: number }[];
  /** From 0 at the bottom to 1 at the top; null where there is no value. */
  place(value: number | string | undefined): number | null;
}

/** An axis for some values: by size if all are numbers, else one place for each text; null if they are all the same. */
export function axisOf(name: string, values: readonly (number | string | undefined)[], write: (n: number) => string): Axis | null {
  const known = [...new Set(values.filter(value => value !== undefined))];
  if (known.length < 2) return null;
  if (known.every(value => typeof value === 'number')) return byNumber(name, known, write);
  const texts = known.map(String).sort();
  const places = new Map(texts.map((text, i) => [text, i / (texts.length - 1)]));
  return {
    name,
    ticks: [...places].map(([text, at]) => ({ text, at })),
    place: value => (value === undefined ? null : (places.get(String(value)) ?? null))
  };
}

function byNumber(name: string, known: number[], write: (n: number) => string): Axis | null {
  const finite = known.filter(Number.isFinite);
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  if (!(high > low)) return null;
  // What spans factors of a hundred, such as a learning rate, is seen by its order of size.
  const byOrder = low > 0 && high / low >= 100;
  const scale = byOrder ? Math.log : (value: number) => value;
  const span = scale(high) - scale(low);
  return {
    name,
    ticks: [low, high].map((value, at) => ({ text: write(value), at })),
    place: value => (typeof value === 'number' && Number.isFinite(value) ? (scale(value) - scale(low)) / span : null)
  };
}
