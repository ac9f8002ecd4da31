/** What became of each due time: as a strip, oldest first, and as a table, newest first. */
import type { TickRow, TickStatusWord } from '../contract/types.gen';
import { moment } from '../ui/format';
import { DataTable } from '../ui/parts';
import { Pill, Sign } from '../ui/Pill';

const MEANING: Record<TickStatusWord, string> = {
  RAN: 'a job was queued in time',
  LATE: 'a job was queued, but late',
  SKIPPED: 'the task was busy',
  MISSED: 'no worker was running',
  MERGED: 'a job that waited already stands for it'
};

export function Ledger({ ledger }: { ledger: TickRow[] }) {
  if (!ledger.length) return <p class="hl-empty">No due time has passed yet.</p>;
  return (
    <>
      <ol class="hl-strip" aria-label="Due times, oldest first">
        {ledger.toReversed().map(tick => (
          <li key={tick.due} title={`${moment(tick.due)} UTC: ${tick.status.toLowerCase()}`}>
            <Sign word={tick.status} />
          </li>
        ))}
      </ol>
      <DataTable
        head={['Due (UTC)', 'What became of it', 'Which means', 'Job', 'Recorded (UTC)']}
        rows={ledger.map(tick => ({
          key: tick.due,
          cells: [
            moment(tick.due),
            <Pill word={tick.status} />,
            MEANING[tick.status],
            tick.job_id ?? '',
            moment(tick.recorded_at)
          ]
        }))}
        numbers={[3]}
        empty=""
      />
    </>
  );
}
