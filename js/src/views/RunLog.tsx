/** The log of a run, its end first: what is before it, and the rest of long messages, are asked for. */
import { useState } from 'preact/hooks';
import type { LogPage, LogRow, MessagePart } from '../contract/types.gen';
import type { Answerer } from '../rpc/source';
import { Button, ControlProblem } from '../ui/controls/ControlButton';
import { moment } from '../ui/format';

interface Props {
  source: Answerer;
  run_id: string;
  end: LogRow[];
  total: number;
}

/** Something that is asked for: whether it is under way, and what went wrong. */
function useAsking(ask: () => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const run = () => {
    setBusy(true);
    setError('');
    ask()
      .catch((failure: Error) => setError(failure.message))
      .finally(() => setBusy(false));
  };
  return { busy, error, run, forget: () => setError('') };
}

export function RunLog({ source, run_id, end, total }: Props) {
  const [earlier, setEarlier] = useState<LogRow[]>([]);
  const first = end[0]?.seq ?? 0;
  const rows = [...earlier.filter(row => row.seq < first), ...end];
  const asking = useAsking(async () => {
    const { log } = await source.request<LogPage>('log_before', { run_id, seq: String(rows[0]?.seq ?? 0) });
    setEarlier([...log, ...rows]);
  });
  return (
    <>
      {rows.length < total && (
        <p class="hl-empty hl-controls">
          The last {rows.length} of {total} entries.
          <Button busy={asking.busy} onClick={asking.run}>
            Earlier entries
          </Button>
          {asking.error && <ControlProblem onForget={asking.forget}>{asking.error}</ControlProblem>}
        </p>
      )}
      <table class="hl-grid hl-log">
        <tbody>
          {rows.map(row => (
            <tr key={row.seq}>
              <td class="hl-number">{row.seq}</td>
              <td>{moment(row.event_time)}</td>
              <td>{row.event_key}</td>
              <td>{isCut(row) ? <LongMessage source={source} run_id={run_id} row={row} /> : row.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function isCut({ message, length }: LogRow): boolean {
  return message.length !== length && [...message].length !== length;
}

/** A message that is too long to come at once: a page of it at a time. */
function LongMessage({ source, run_id, row }: { source: Answerer; run_id: string; row: LogRow }) {
  const [text, setText] = useState('');
  const asking = useAsking(async () => {
    const start = String([...text].length); // in characters, as the store counts
    const part = await source.request<MessagePart>('message', { run_id, seq: String(row.seq), start });
    setText(text + part.text);
  });
  const known = text ? [...text].length : 0;
  return (
    <>
      {text || row.message}
      {known < row.length && (
        <span class="hl-controls">
          <Button busy={asking.busy} onClick={asking.run}>
            {known ? `More (${Math.round((100 * known) / row.length)} % shown)` : 'Read on'}
          </Button>
          {asking.error && <ControlProblem onForget={asking.forget}>{asking.error}</ControlProblem>}
        </span>
      )}
    </>
  );
}
