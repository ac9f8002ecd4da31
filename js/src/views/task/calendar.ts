/** The days of a ledger laid out as weeks: pure. */
import type { TickDay, TickStatusWord } from '../../contract/types.gen';

/** What a day is shown as: the first of these that happened on it. */
export const WORST_FIRST: TickStatusWord[] = ['MISSED', 'SKIPPED', 'LATE', 'MERGED', 'RAN'];

export interface Day {
  day: string;
  /** Null on a day without due times. */
  word: TickStatusWord | null;
  counts: Partial<Record<TickStatusWord, number>>;
}

export interface Week {
  /** The month that begins in this week, such as `Mar`, else empty. */
  month: string;
  /** Monday to Sunday; null for what is yet to come. */
  days: (Day | null)[];
}

const DAY_MS = 86_400_000;

/** So many weeks up to the one of `today` (2026-03-02, UTC), oldest first. */
export function weeks(days: readonly TickDay[], today: string, most: number): Week[] {
  const known = new Map(days.map(day => [day.day, day.counts as Day['counts']]));
  const now = Date.parse(`${today}T00:00:00Z`);
  const monday = now - ((new Date(now).getUTCDay() + 6) % 7) * DAY_MS;
  return Array.from({ length: most }, (_, i) => {
    const first = monday - (most - 1 - i) * 7 * DAY_MS;
    const moments = Array.from({ length: 7 }, (_, j) => first + j * DAY_MS);
    const begins = moments.find(at => new Date(at).getUTCDate() === 1);
    return {
      month: begins === undefined ? '' : MONTHS[new Date(begins).getUTCMonth()]!,
      days: moments.map(at => (at > now ? null : dayOf(new Date(at).toISOString().slice(0, 10), known)))
    };
  });
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function dayOf(day: string, known: ReadonlyMap<string, Day['counts']>): Day {
  const counts = known.get(day) ?? {};
  return { day, counts, word: WORST_FIRST.find(word => counts[word]) ?? null };
}

/** How many due times came to what, in all. */
export function totals(days: readonly TickDay[]): Day['counts'] {
  const sum: Day['counts'] = {};
  for (const { counts } of days) {
    for (const word of WORST_FIRST) if (counts[word]) sum[word] = (sum[word] ?? 0) + counts[word];
  }
  return sum;
}
