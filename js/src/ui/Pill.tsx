import type { JobStatusWord, Progress, RunStatusWord, TickStatusWord } from '../contract/types.gen';

type Word = RunStatusWord | JobStatusWord | TickStatusWord;

/** A sign and a tone for each status, so that it is never told by colour alone. */
const LOOKS: Record<Word, [sign: string, tone: string]> = {
  ACTIVE: ['▸', 'busy'],
  FINISHED: ['✓', 'good'],
  FAILED: ['✕', 'bad'],
  LOST: ['?', 'odd'],
  DELETED: ['–', 'dull'],
  QUEUED: ['…', 'dull'],
  RUNNING: ['▸', 'busy'],
  SUCCEEDED: ['✓', 'good'],
  CANCELLED: ['■', 'odd'],
  TIMED_OUT: ['✕', 'bad'],
  ABANDONED: ['✕', 'bad'],
  SKIPPED: ['»', 'odd'],
  RAN: ['✓', 'good'],
  LATE: ['!', 'odd'],
  MISSED: ['✕', 'odd'],
  MERGED: ['≡', 'dull']
};

/** Of a store that is newer than this code. */
const UNKNOWN: (typeof LOOKS)[Word] = ['·', 'dull'];

/** A word of the store as people say it: timed out, no drift. */
export function spoken(word: string): string {
  return word.toLowerCase().replaceAll('_', ' ');
}

export function signOf(word: Word): string {
  return (LOOKS[word] ?? UNKNOWN)[0];
}

export function toneOf(word: Word): string {
  return (LOOKS[word] ?? UNKNOWN)[1];
}

/** The sign of a status alone, for a narrow column. */
export function Sign({ word }: { word: Word }) {
  const [sign, tone] = LOOKS[word] ?? UNKNOWN;
  return (
    <span class={`hl-pill hl-${tone}`} role="img" aria-label={spoken(word)} title={spoken(word)}>
      <i>{sign}</i>
    </span>
  );
}

/** A status in full, with how far it is. */
export function Pill({ word, progress = null }: { word: Word; progress?: Progress | null }) {
  const [sign, tone] = LOOKS[word] ?? UNKNOWN;
  const share = word === 'ACTIVE' && progress?.total ? Math.min(1, progress.done / progress.total) : null;
  return (
    <span class={`hl-pill hl-${tone}`} title={progress?.text || spoken(word)}>
      <i aria-hidden="true">{sign}</i>
      {spoken(word)}
      {share !== null && (
        <span
          class="hl-progress"
          role="progressbar"
          aria-label="progress"
          aria-valuenow={Math.round(share * 100)}
          aria-valuemin={0}
          aria-valuemax={100}
        >
          <span style={{ width: `${share * 100}%` }} />
        </span>
      )}
      {share !== null && <b>{Math.round(share * 100)} %</b>}
    </span>
  );
}
