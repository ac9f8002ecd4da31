/** The jobs of a task, newest first, with links to the runs that they recorded. */
import type { JobRow } from '../../contract/types.gen';
import { duration, moment, size } from '../../ui/format';
import { DataTable } from '../../ui/parts';
import { Pill } from '../../ui/Pill';
import { Took } from './Took';
import { Verdict } from './Verdict';

export type OpenRun = ((run_id: string, name: string) => void) | undefined;

const HEAD = [
  'Job',
  'Status',
  'Due (UTC)',
  'Started (UTC)',
  'Took',
  'CPU time',
  'Peak memory',
  'Attempt',
  'Failures',
  'Run',
  'Message',
  'Worker'
];

export function Jobs({ jobs, onOpenRun }: { jobs: JobRow[]; onOpenRun: OpenRun }) {
  return (
    <div class="hl-jobs">
      <DataTable
        head={HEAD}
        rows={jobs.map(job => ({
          key: job.job_id,
          cells: [
            job.job_id,
            <>
              <Pill word={job.status} /> {job.verdict && <Verdict word={job.verdict} />}
            </>,
            moment(job.due),
            moment(job.started_at),
            <Took job={job} />,
            duration(job.cpu_seconds),
            size(job.peak_memory_bytes),
            job.attempt,
            job.failures,
            job.run_id && <RunOf run_id={job.run_id} job_id={job.job_id} onOpenRun={onOpenRun} />,
            <span class="hl-job-message">{job.message}</span>,
            job.worker ?? ''
          ]
        }))}
        numbers={[0, 4, 5, 6, 7, 8]}
        empty="This task has not run yet."
      />
    </div>
  );
}

function RunOf({ run_id, job_id, onOpenRun }: { run_id: string; job_id: string; onOpenRun: OpenRun }) {
  if (!onOpenRun) return <code title={run_id}>{run_id.slice(0, 8)}</code>;
  return (
    <button
      type="button"
      class="hl-link"
      aria-label={`Run of job ${job_id}`}
      title={run_id}
      onClick={() => onOpenRun(run_id, `Run of job ${job_id}`)}
    >
      {run_id.slice(0, 8)}
    </button>
  );
}
