/** All that is known of one task, in tabs. */
import type { JobRow, TaskDetail as Detail, TaskLogRow } from '../contract/types.gen';
import { duration, moment, size } from '../ui/format';
import { DataTable, Facts, Section } from '../ui/parts';
import { Pill } from '../ui/Pill';
import { type Tab, Tabs } from '../ui/Tabs';
import { Ledger } from './Ledger';
import { Parts } from './Parts';

interface Props {
  detail: Detail | null;
  waiting: boolean;
  error: string;
  title: string;
  /** Goes to the run of a job, where that can be shown. */
  onOpenRun?: (run_id: string, name: string) => void;
}

export function TaskDetail({ detail, waiting, error, title, onOpenRun }: Props) {
  return (
    <section class="hl-details" aria-label={`Task ${title}`} aria-busy={waiting}>
      <header class="hl-title">
        <h3>{title}</h3>
        {detail?.task.last_job && <Pill word={detail.task.last_job.status} />}
        {detail && <small>{detail.task.schedule_text}</small>}
        {waiting && !detail && <small role="status">Reading …</small>}
      </header>
      {error && <p class="hl-empty">{error}</p>}
      {detail && <Tabs label="Parts of the task" tabs={tabs(detail, onOpenRun)} />}
    </section>
  );
}

function tabs(detail: Detail, onOpenRun: Props['onOpenRun']): Tab[] {
  const parts: Tab = {
    name: 'Parts',
    note: String(detail.parts.length),
    draw: () => <Parts parts={detail.parts} kind={detail.task.kind} />
  };
  return [
    ...(detail.parts.length ? [parts] : []),
    {
      name: 'Jobs',
      note: String(detail.jobs.length),
      draw: () => <Jobs jobs={detail.jobs} onOpenRun={onOpenRun} />
    },
    { name: 'Log', note: String(detail.log_total), draw: () => <Log log={detail.log} total={detail.log_total} /> },
    { name: 'Ledger', note: String(detail.ledger.length), draw: () => <Ledger ledger={detail.ledger} /> },
    {
      name: 'Policy and trigger',
      draw: () => (
        <div class="hl-signature">
          <Section title="Policy">
            <Facts facts={detail.policy} empty="" />
          </Section>
          <Section title="Trigger">
            <Facts facts={detail.trigger} empty="None: the task is due by its schedule, or when asked." />
          </Section>
        </div>
      )
    },
    { name: 'Definition', draw: () => <Facts facts={detail.definition} empty="No definition." /> },
    { name: 'Parameters', draw: () => <Facts facts={detail.parameters} empty="The task has no parameters." /> }
  ];
}

const JOB_HEAD = [
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
  'Worker',
  'Message'
];

function Jobs({ jobs, onOpenRun }: { jobs: JobRow[]; onOpenRun: Props['onOpenRun'] }) {
  return (
    <DataTable
      head={JOB_HEAD}
      rows={jobs.map(job => ({
        key: job.job_id,
        cells: [
          job.job_id,
          <Pill word={job.status} />,
          moment(job.due),
          moment(job.started_at),
          duration(job.duration_seconds),
          duration(job.cpu_seconds),
          size(job.peak_memory_bytes),
          job.attempt,
          job.failures,
          job.run_id && <RunOf run_id={job.run_id} job_id={job.job_id} onOpenRun={onOpenRun} />,
          job.worker ?? '',
          job.message
        ]
      }))}
      numbers={[0, 4, 5, 6, 7, 8]}
      empty="This task has not run yet."
    />
  );
}

interface RunOfProps {
  run_id: string;
  job_id: string;
  onOpenRun: Props['onOpenRun'];
}

function RunOf({ run_id, job_id, onOpenRun }: RunOfProps) {
  if (!onOpenRun) return <code>{run_id}</code>;
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

function Log({ log, total }: { log: TaskLogRow[]; total: number }) {
  if (!log.length) return <p class="hl-empty">The log is empty.</p>;
  return (
    <>
      {log.length < total && (
        <p class="hl-empty">
          The last {log.length} of {total} lines.
        </p>
      )}
      <table class="hl-grid hl-log">
        <tbody>
          {log.map((row, i) => (
            <tr key={i}>
              <td>{moment(row.event_time)}</td>
              <td class="hl-number">{row.job_id ?? ''}</td>
              <td>{row.event_key}</td>
              <td>{row.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
