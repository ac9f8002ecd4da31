/** What became of each due time: by the day as a calendar, then one by one, newest first. */
import { useState } from 'preact/hooks';
import type { TaskDetail, TickStatusWord } from '../../contract/types.gen';
import { count, moment } from '../../ui/format';
import { DataTable } from '../../ui/parts';
import { Pill, signOf, toneOf } from '../../ui/Pill';
import { type Day, totals, weeks, WORST_FIRST } from './calendar';
import './task.css';

const MEANING: Record<TickStatusWord, string> = {
  RAN: 'a job was queued in time',
  LATE: 'a job was queued, but late',
  SKIPPED: 'the task was busy',
  MISSED: 'no worker was running',
  MERGED: 'a job that waited already stands for it'
};
const WEEKS = 26;
const WEEKDAYS = ['Mon', '', 'Wed', '', 'Fri', '', ''];

export function Ledger({ detail }: { detail: TaskDetail }) {
  const { ledger, ledger_days } = detail;
  if (!ledger.length) return <p class="hl-empty">No due time has passed yet.</p>;
  return (
    <div class="hl-ledger">
      <Calendar days={ledger_days} />
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
    </div>
  );
}

function Calendar({ days }: { days: TaskDetail['ledger_days'] }) {
  const [pointed, point] = useState<Day | null>(null);
  const today = new Date().toISOString().slice(0, 10);
  const newest = days.at(-1)?.day ?? today;
  const laid = weeks(days, newest > today ? newest : today, WEEKS);
  return (
    <figure class="hl-calendar" aria-label="Due times by the day">
      <div class="hl-calendar-scroll" tabIndex={0} role="group" aria-label="Half a year, a column a week">
        <div class="hl-weekdays" aria-hidden="true">
          {WEEKDAYS.map((name, i) => (
            <span key={i}>{name}</span>
          ))}
        </div>
        {laid.map(week => (
          <div class="hl-week" key={week.days[0]!.day}>
            <span class="hl-month" aria-hidden="true">
              {week.month}
            </span>
            {week.days.map((day, i) =>
              day ? <Cell key={day.day} day={day} onPoint={point} /> : <i class="hl-day hl-day-none" key={i} />
            )}
          </div>
        ))}
      </div>
      <figcaption>
        <Legend days={days} />
        <small aria-live="polite">{pointed ? dayText(pointed) : ''}</small>
      </figcaption>
    </figure>
  );
}

function Cell({ day, onPoint }: { day: Day; onPoint(day: Day | null): void }) {
  const events = { onMouseEnter: () => onPoint(day), onMouseLeave: () => onPoint(null) };
  if (!day.word) return <i class="hl-day" title={dayText(day)} {...events} />;
  return (
    <i class={`hl-day hl-day-${day.word.toLowerCase()} hl-${toneOf(day.word)}`} role="img" aria-label={dayText(day)} title={dayText(day)} {...events}>
      {day.word === 'RAN' ? '' : signOf(day.word)}
    </i>
  );
}

function Legend({ days }: { days: TaskDetail['ledger_days'] }) {
  const sum = totals(days);
  return (
    <ul class="hl-legend" aria-label="Legend">
      {WORST_FIRST.toReversed().map(word => (
        <li key={word} title={MEANING[word]}>
          <i class={`hl-day hl-day-${word.toLowerCase()} hl-${toneOf(word)}`} aria-hidden="true">
            {word === 'RAN' ? '' : signOf(word)}
          </i>
          {word.toLowerCase()} <b>{(sum[word] ?? 0).toLocaleString('en')}</b>
        </li>
      ))}
    </ul>
  );
}

const NAMES = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

function dayText({ day, counts }: Day): string {
  const name = NAMES[new Date(`${day}T00:00:00Z`).getUTCDay()];
  const told = WORST_FIRST.toReversed().filter(word => counts[word]);
  const all = told.reduce((sum, word) => sum + counts[word]!, 0);
  if (!all) return `${name} ${day}: nothing was due`;
  return `${name} ${day}: ${count(all, 'due time')}, ${told.map(word => `${counts[word]} ${word.toLowerCase()}`).join(', ')}`;
}
