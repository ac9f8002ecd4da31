/** What a job has found, on which gates open: no drift. */
export function Verdict({ word }: { word: string }) {
  return <span class="hl-verdict">{spoken(word)}</span>;
}

export function spoken(verdict: string): string {
  return verdict.replaceAll('_', ' ');
}
