/** Scheduled tasks, live, with the details of one task. */
import { useMemo, useState } from 'preact/hooks';
import type { TaskDetail as Detail, TaskRow, TasksPayload } from '../contract/types.gen';
import type { Source } from '../rpc/source';
import { count } from '../ui/format';
import { useLatestDetail, useSource } from '../ui/hooks';
import { filterRows } from '../ui/order';
import { Badge, Banner, Search } from '../ui/parts';
import { Table } from '../ui/Table';
import { taskColumns } from './columns';
import { TaskDetail } from './TaskDetail';

interface Props {
  source: Source<TasksPayload>;
  selected: string;
  onSelect(task_id: string): void;
  onCancel(): void;
}

const BY_NAME = { key: 'task', descending: false };
const taskText = (task: TaskRow) => `${task.task_id} ${task.kind} ${task.description} ${task.schedule_text}`;

export function TaskView({ source, selected, onSelect, onCancel }: Props) {
  const { payload, status } = useSource(source);
  const [query, setQuery] = useState('');
  const all = payload?.tasks ?? [];
  const found = useMemo(() => filterRows(all, query, taskText), [all, query]);
  // A single task needs no choice.
  const task = all.length === 1 ? all[0] : all.find(each => each.task_id === selected);

  return (
    <section class="hl-view" aria-label="Scheduled Task Monitor">
      <header class="hl-bar">
        <h2>Scheduled Task Monitor</h2>
        <Search value={query} onInput={setQuery} label="Search tasks" />
        <small aria-live="polite" class="hl-count">
          {found.length === all.length ? count(all.length, 'task') : `${found.length} of ${count(all.length, 'task')}`}
        </small>
        {payload && <Workers workers={payload.workers.length} />}
        <Badge status={status} />
        {status.word !== 'cancelled' && (
          <button type="button" class="hl-button" title="Stop watching; tasks go on" onClick={onCancel}>
            Cancel
          </button>
        )}
      </header>
      {status.word === 'lost' && <Banner>{status.text}</Banner>}
      {payload && <NoWorker payload={payload} />}
      {payload && payload.absent.length > 0 && (
        <Banner>No such task yet: {payload.absent.join(', ')}. It will appear here once it is created.</Banner>
      )}
      <div class="hl-split hl-single">
        <Table
          label="Tasks"
          columns={taskColumns}
          rows={found}
          rowKey={each => each.task_id}
          selected={task?.task_id ?? ''}
          onSelect={onSelect}
          sort={BY_NAME}
          empty={query ? 'No task matches the search.' : 'No tasks yet. They appear as soon as one is created.'}
        />
      </div>
      <Selected source={source} task={task} />
    </section>
  );
}

export function NoWorker({ payload }: { payload: TasksPayload }) {
  if (payload.workers.length || !payload.tasks.length) return null;
  return (
    <Banner>
      No worker is running, so nothing that is due will start. Start one in a terminal: <code>hanalife worker</code>
    </Banner>
  );
}

function Workers({ workers }: { workers: number }) {
  return <small class="hl-workers">{count(workers, 'worker')}</small>;
}

function Selected({ source, task }: { source: Source<TasksPayload>; task: TaskRow | undefined }) {
  const { value, waiting, error } = useLatestDetail<Detail>(source, 'task', 'task_id', task?.task_id ?? '');
  if (!task) return <p class="hl-empty hl-details">Select a task to see its jobs and log.</p>;
  return <TaskDetail detail={value} waiting={waiting} error={error} title={task.task_id} />;
}
