import { spoken } from '../../ui/Pill';

/** What a job has found, on which gates open. */
export function Verdict({ word }: { word: string }) {
  return <span class="hl-verdict">{spoken(word)}</span>;
}
