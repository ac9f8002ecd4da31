/** A log: the newest lines at its end, older ones and the whole of long messages on demand. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { LogMessage, TaskDetail, TaskLogRow } from '../../contract/types.gen';
import type { Answerer } from '../../rpc/source';
import { Button } from '../../ui/controls/ControlButton';
import { moment } from '../../ui/format';
import { type Log, useLog } from './log';
import './task.css';

interface Props {
  source: Answerer;
  detail: TaskDetail;
}

const ALL = '';

export function LogView({ source, detail }: Props) {
  const [job_id, setJob] = useState(ALL);
  return (
    <div class="hl-log-part">
      {detail.jobs.length > 1 && (
        <label class="hl-log-choice">
          <span>Lines of</span>
          <select value={job_id} onChange={event => setJob(event.currentTarget.value)}>
            <option value={ALL}>the task and all its jobs</option>
            {detail.jobs.map(job => (
              <option key={job.job_id} value={job.job_id}>
                job {job.job_id}, {job.status.toLowerCase()}
              </option>
            ))}
          </select>
        </label>
      )}
      <Lines key={job_id} source={source} detail={detail} job_id={job_id} />
    </div>
  );
}

function Lines({ source, detail, job_id }: Props & { job_id: string }) {
  const whole = job_id === ALL ? { lines: detail.log, older: detail.log_total - detail.log.length } : undefined;
  const log = useLog(source, detail.task.task_id, job_id, detail.log.at(-1)?.entry_id ?? '', whole);
  return <LogLines source={source} task_id={detail.task.task_id} log={log} />;
}

interface LinesProps {
  source: Answerer;
  task_id: string;
  log: Log;
}

export function LogLines({ source, task_id, log }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const last = log.lines.at(-1)?.entry_id;
  useLayoutEffect(() => {
    // Whoever reads further up is left in peace.
    if (atEnd.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [last]);

  if (!log.lines.length) {
    return <p class="hl-empty">{log.error || (log.busy ? 'Reading …' : 'The log is empty.')}</p>;
  }
  return (
    <div
      class="hl-log-box"
      ref={box}
      tabIndex={0}
      role="log"
      aria-label="Log"
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        atEnd.current = scrollTop + clientHeight >= scrollHeight - 4;
      }}
    >
      {(log.older > 0 || log.error) && (
        <div class="hl-controls hl-log-older">
          <Button busy={log.busy} onClick={log.readOlder}>
            Older lines
          </Button>
          <small>{log.error || `${log.older.toLocaleString('en')} before these`}</small>
        </div>
      )}
      <table class="hl-grid hl-log">
        <tbody>
          {log.lines.map(row => (
            <Line key={row.entry_id} source={source} task_id={task_id} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ source, task_id, row }: { source: Answerer; task_id: string; row: TaskLogRow }) {
  const [open, setOpen] = useState(false);
  const long = row.length > row.message.length;
  return (
    <tr class={`hl-log-${row.event_key.toLowerCase()}`}>
      <td>{moment(row.event_time)}</td>
      <td class="hl-number">{row.job_id ?? ''}</td>
      <td>{row.event_key}</td>
      <td>
        {open ? <Message source={source} task_id={task_id} row={row} /> : row.message}
        {long && (
          <span class="hl-log-long">
            {!open && '… '}
            <button type="button" class="hl-link" aria-expanded={open} onClick={() => setOpen(!open)}>
              {open ? 'Close' : `Open all ${row.length.toLocaleString('en')} characters`}
            </button>
          </span>
        )}
      </td>
    </tr>
  );
}

/** A long message, a stretch at a time. */
function Message({ source, task_id, row }: { source: Answerer; task_id: string; row: TaskLogRow }) {
  const [offset, setOffset] = useState(0);
  const [shown, setShown] = useState<LogMessage | null>(null);
  const [error, setError] = useState('');
  useEffect(() => {
    let current = true;
    source.request<LogMessage>('log_message', { task_id, entry_id: row.entry_id, offset: String(offset) }).then(
      found => current && (setShown(found), setError('')),
      (failure: Error) => current && setError(failure.message)
    );
    return () => {
      current = false;
    };
  }, [source, task_id, row.entry_id, offset]);

  if (error) return <span class="hl-wrong">{error}</span>;
  if (!shown) return <span class="hl-muted">Reading …</span>;
  const end = shown.offset + shown.text.length;
  const n = (place: number) => place.toLocaleString('en');
  return (
    <span class="hl-message">
      <span class="hl-controls">
        <Button disabled={shown.offset === 0} onClick={() => setOffset(Math.max(0, shown.offset - shown.text.length))}>
          Earlier
        </Button>
        <Button disabled={end >= shown.length} onClick={() => setOffset(end)}>
          Later
        </Button>
        <small role="status">
          {n(shown.offset + 1)} to {n(end)} of {n(shown.length)} characters
        </small>
      </span>
      <span class="hl-message-text">{shown.text}</span>
    </span>
  );
}
