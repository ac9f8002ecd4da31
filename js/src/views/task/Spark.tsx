/** How long the last jobs took, oldest first, as small bars; what did not succeed is marked. */
import type { RecentJob } from '../../contract/types.gen';
import { duration } from '../../ui/format';

const MOST = 20;
const STEP = 4;
const HEIGHT = 18;
const MARK = 4; // room above the bars for the marks

export function Spark({ jobs }: { jobs: RecentJob[] }) {
  if (!jobs.length) return <small>–</small>;
  const shown = jobs.slice(-MOST);
  const longest = Math.max(...shown.map(job => job.seconds), 1e-9);
  const first = MOST - shown.length; // the newest stands at the right edge of every row
  return (
    <svg class="hl-spark" viewBox={`0 0 ${MOST * STEP} ${HEIGHT}`} role="img" aria-label={sparkText(shown)}>
      <title>{sparkText(shown)}</title>
      {shown.map((job, i) => {
        const height = Math.max(1.5, (job.seconds / longest) * (HEIGHT - MARK));
        const x = (first + i) * STEP;
        const failed = job.status !== 'SUCCEEDED';
        return (
          <g key={i} class={failed ? 'hl-spark-failed' : ''}>
            <rect x={x} y={HEIGHT - height} width={STEP - 1} height={height} />
            {failed && <circle cx={x + 1.5} cy={HEIGHT - height - 2.4} r={1.4} />}
          </g>
        );
      })}
    </svg>
  );
}

/** The middle duration of some jobs, null if there are none. */
export function median(jobs: readonly RecentJob[]): number | null {
  const sorted = jobs.map(job => job.seconds).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (!sorted.length) return null;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function sparkText(jobs: RecentJob[]): string {
  const failed = jobs.filter(job => job.status !== 'SUCCEEDED').length;
  const longest = Math.max(...jobs.map(job => job.seconds));
  const ends = failed ? `${failed} of the last ${jobs.length} did not succeed` : `the last ${jobs.length} succeeded`;
  return `${ends}; took ${duration(median(jobs))} at the median, ${duration(longest)} at most`;
}
