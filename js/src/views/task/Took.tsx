/** How long a job took, or how long it has been running. */
import type { JobRow } from '../../contract/types.gen';
import { duration } from '../../ui/format';
import { useNow } from '../../ui/relative';

export function Took({ job }: { job: JobRow }) {
  if (job.status === 'RUNNING' && job.started_at) return <Elapsed since={job.started_at} />;
  return <>{duration(job.duration_seconds)}</>;
}

function Elapsed({ since }: { since: string }) {
  const seconds = Math.max(0, Math.floor((useNow() - Date.parse(since)) / 1000));
  return <>{seconds < 60 ? `${seconds} s` : duration(seconds)}</>;
}
