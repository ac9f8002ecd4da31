/** The columns of the list of tasks. */
import type { TaskRow } from '../../contract/types.gen';
import { Instant } from '../../ui/Instant';
import { Pill } from '../../ui/Pill';
import { relative, useNow } from '../../ui/relative';
import type { Column } from '../../ui/Table';
import { median, Spark } from './Spark';

type TaskColumn = Column<TaskRow>;

/** A worker needs a moment to begin what is due. */
const OVERDUE_MS = 3_000;

const name: TaskColumn = {
  key: 'task',
  label: 'Task',
  track: 'minmax(130px, 2fr)',
  least: 130,
  value: task => task.task_id,
  draw: task => <span title={task.description || task.task_id}>{task.task_id}</span>
};

const kind: TaskColumn = { key: 'kind', label: 'Kind', track: '76px', least: 76, value: task => task.kind };

const schedule: TaskColumn = {
  key: 'schedule',
  label: 'Schedule',
  track: 'minmax(130px, 2fr)',
  least: 130,
  value: task => task.schedule_text,
  draw: task => (
    <span title={task.cron ? `${task.schedule_text}\ncron: ${task.cron}` : ''} class={task.next_due ? '' : 'hl-muted'}>
      {task.schedule_text}
    </span>
  )
};

const status: TaskColumn = {
  key: 'status',
  label: 'Last status',
  track: '96px',
  least: 96,
  value: task => task.last_job?.status,
  draw: task => (task.last_job ? <Pill word={task.last_job.status} /> : <small>never run</small>)
};

const durations: TaskColumn = {
  key: 'durations',
  label: 'Durations',
  track: '84px',
  least: 84,
  value: task => median(task.recent),
  draw: task => <Spark jobs={task.recent} />
};

const next: TaskColumn = {
  key: 'next',
  label: 'Next run',
  track: '92px',
  least: 92,
  value: task => task.next_due,
  draw: task => <NextDue instant={task.next_due} />
};

const last: TaskColumn = {
  key: 'last',
  label: 'Last run',
  track: '92px',
  least: 92,
  value: task => task.last_job?.started_at,
  draw: task => <Moment instant={task.last_job?.started_at ?? null} />
};

/** What the list shows: all, less in a narrow place, only what matters most in a very narrow one. */
export const taskColumns: TaskColumn[][] = [
  [name, kind, schedule, next, status, durations, last],
  [name, schedule, next, status, durations],
  [{ ...name, track: 'minmax(110px, 1fr)', least: 110 }, status, next, durations]
];

/** When a task is due next; what should have begun already stands out. */
export function NextDue({ instant, before = '' }: { instant: string | null; before?: string }) {
  const overdue = instant !== null && Date.parse(instant) < useNow() - OVERDUE_MS;
  return (
    <span class={overdue ? 'hl-overdue' : ''}>
      {overdue ? 'due ' : before}
      <Moment instant={instant} />
    </span>
  );
}

/** A moment from now; its title has the date. */
export function Moment({ instant }: { instant: string | null }) {
  const now = useNow();
  if (!instant) return <span class="hl-muted">–</span>;
  return <Instant at={instant} text={relative(instant, now)} />;
}
