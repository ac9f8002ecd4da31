/** Searches in words, such as `metrics.AUC > 0.8`: what is one, and what it finds. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { FoundRuns, RunRow } from '../contract/types.gen';
import type { Answerer } from '../rpc/source';
import { useDetail } from './hooks';
import { filterRows } from './order';

const PAUSE_MS = 250;
const FIELD = /\b(metrics?|param(eter)?s?|tags?|attributes?)\./i;
const SIGN = /[<>=]/;
const WORDS = /\b(in\s*\(|(not\s+)?like\b|is\s+(not\s+)?null\b|between\b.*\band\b)|^\s*(order\s+by|limit\s+\d)/i;

/** Whether a text is meant as a search; all else is looked for in names. */
export function isSearch(text: string): boolean {
  return FIELD.test(text) || SIGN.test(text) || WORDS.test(text);
}

export interface Found {
  runs: readonly RunRow[];
  /** Whether the search says in which order. */
  ordered: boolean;
  error: string;
}

/** The runs that a text finds: those with its words in their names, or those the kernel or server finds. */
export function useFoundRuns(
  source: Answerer,
  all: readonly RunRow[],
  query: string,
  text: (run: RunRow) => string
): Found {
  const asked = useLater(isSearch(query) ? query : '');
  // Again whenever a run came, changed or went.
  const version = useMemo(() => `${all.length} ${all.reduce((sum, run) => sum + run.revision, 0)}`, [all]);
  const { value, error } = useDetail<FoundRuns>(source, 'search', 'text', asked, version);
  const former = useRef<FoundRuns | null>(null); // stays while the next answer is under way
  former.current = asked ? (value ?? former.current) : null;
  const answer = former.current;
  return useMemo(() => {
    if (!isSearch(query)) return { runs: filterRows(all, query, text), ordered: false, error: '' };
    if (error) return { runs: [], ordered: false, error };
    if (!answer) return { runs: all, ordered: false, error };
    const byId = new Map(all.map(run => [run.run_id, run]));
    const runs = answer.run_ids.flatMap(id => byId.get(id) ?? []);
    return { runs, ordered: answer.ordered, error };
  }, [all, query, answer, error]);
}

/** The text once it has stood still for a moment; an empty one at once. */
function useLater(text: string): string {
  const [later, setLater] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setLater(text), text ? PAUSE_MS : 0);
    return () => clearTimeout(timer);
  }, [text]);
  return text && later;
}
