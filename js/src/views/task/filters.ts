/** Which tasks a list shows: pure. */
import type { JobStatusWord, TaskRow } from '../../contract/types.gen';

const GOING: JobStatusWord[] = ['RUNNING', 'QUEUED'];
const WELL: JobStatusWord[] = [...GOING, 'SUCCEEDED'];

/** Names of choices and what each of them keeps. */
export const STATES: Record<string, (task: TaskRow) => boolean> = {
  'All tasks': () => true,
  'Running or waiting': task => task.last_job !== null && GOING.includes(task.last_job.status),
  'Last one failed': task => task.last_job !== null && !WELL.includes(task.last_job.status),
  Scheduled: task => task.next_due !== null,
  Paused: task => task.cron !== null && !task.enabled,
  'Never run': task => task.last_job === null
};
export const EVERY = 'All tasks';

export const taskText = (task: TaskRow) =>
  `${task.task_id} ${task.kind} ${task.description} ${task.schedule_text} ${task.owner}`;
