/** All that is known of one task, in tabs. */
import type { JobRow, TaskDetail as Detail, TaskLogRow, TickRow } from '../contract/types.gen';
import { duration, moment } from '../ui/format';
import { Facts } from '../ui/parts';
import { Pill } from '../ui/Pill';
import { type Tab, Tabs } from '../ui/Tabs';

interface Props {
  detail: Detail | null;
  waiting: boolean;
  error: string;
  title: string;
}

export function TaskDetail({ detail, waiting, error, title }: Props) {
  return (
    <section class="hl-details" aria-label={`Task ${title}`} aria-busy={waiting}>
      <header class="hl-title">
        <h3>{title}</h3>
        {detail?.task.last_job && <Pill word={detail.task.last_job.status} />}
        {detail && <small>{detail.task.schedule_text}</small>}
        {waiting && !detail && <small role="status">Reading …</small>}
      </header>
      {error && <p class="hl-empty">{error}</p>}
      {detail && <Tabs label="Parts of the task" tabs={tabs(detail)} />}
    </section>
  );
}

function tabs(detail: Detail): Tab[] {
  return [
    { name: 'Jobs', note: String(detail.jobs.length), draw: () => <Jobs jobs={detail.jobs} /> },
    { name: 'Log', note: String(detail.log_total), draw: () => <Log log={detail.log} total={detail.log_total} /> },
    { name: 'Ledger', note: String(detail.ledger.length), draw: () => <Ledger ledger={detail.ledger} /> },
    { name: 'Definition', draw: () => <Facts facts={detail.definition} empty="No definition." /> },
    { name: 'Parameters', draw: () => <Facts facts={detail.parameters} empty="The task has no parameters." /> }
  ];
}

function Jobs({ jobs }: { jobs: JobRow[] }) {
  if (!jobs.length) return <p class="hl-empty">This task has not run yet.</p>;
  return (
    <table class="hl-grid">
      <thead>
        <tr>
          {['Job', 'Status', 'Due (UTC)', 'Started (UTC)', 'Took', 'Attempt', 'Worker', 'Message'].map(name => (
            <th scope="col" key={name}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {jobs.map(job => (
          <tr key={job.job_id}>
            <td class="hl-number">{job.job_id}</td>
            <td>
              <Pill word={job.status} />
            </td>
            <td>{moment(job.due)}</td>
            <td>{moment(job.started_at)}</td>
            <td class="hl-number">{duration(job.duration_seconds)}</td>
            <td class="hl-number">{job.attempt}</td>
            <td>{job.worker ?? ''}</td>
            <td>{job.message}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Ledger({ ledger }: { ledger: TickRow[] }) {
  if (!ledger.length) return <p class="hl-empty">No due time has passed yet.</p>;
  return (
    <table class="hl-grid">
      <thead>
        <tr>
          {['Due (UTC)', 'What became of it', 'Job', 'Recorded (UTC)'].map(name => (
            <th scope="col" key={name}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {ledger.map(tick => (
          <tr key={tick.due}>
            <td>{moment(tick.due)}</td>
            <td>
              <Pill word={tick.status} />
            </td>
            <td class="hl-number">{tick.job_id ?? ''}</td>
            <td>{moment(tick.recorded_at)}</td>
          </tr>
        ))}
      </tbody>
    </table>
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
