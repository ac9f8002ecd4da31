import type { RecentCheck, VerdictWord } from '../../contract/types.gen';
import { VERDICTS } from './words';
import './drift.css';

export function Verdict({ word }: { word: VerdictWord }) {
  const { sign, tone, text } = VERDICTS[word];
  return (
    <span class={`hl-pill hl-${tone}`}>
      <i aria-hidden="true">{sign}</i>
      {text}
    </span>
  );
}

const WIDTH = 10;
const HEIGHT = 14;
const MOST = 20;

/** The verdicts of the last windows, oldest first; drift stands high, what is unknown half high. */
export function Strip({ recent }: { recent: RecentCheck[] }) {
  if (!recent.length) return <span class="hl-muted">–</span>;
  const shown = recent.slice(-MOST);
  const told = (word: VerdictWord) => shown.filter(each => each.verdict === word).length;
  const text = `Of the last ${shown.length} windows ${told('drift')} drifted, ${told('unknown')} unknown`;
  return (
    <svg class="hl-strip" viewBox={`0 0 ${MOST * WIDTH} ${HEIGHT}`} role="img" aria-label={text}>
      <title>{text}</title>
      {shown.map((each, i) => {
        const height = { drift: HEIGHT, unknown: 8, no_drift: 3 }[each.verdict];
        const x = (MOST - shown.length + i) * WIDTH; // the newest stands at the right edge of every row
        return <rect key={i} class={`hl-strip-${each.verdict}`} x={x} y={HEIGHT - height} width={WIDTH - 2} height={height} rx={1} />;
      })}
    </svg>
  );
}
