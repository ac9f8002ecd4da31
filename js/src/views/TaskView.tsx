/** Scheduled tasks, live, with the details and controls of one task. */
import { useMemo, useRef, useState } from 'preact/hooks';
import type { TaskDetail as Detail, TaskRow, TasksPayload } from '../contract/types.gen';
import type { Source } from '../rpc/source';
import { count } from '../ui/format';
import { useLatestDetail, useSource } from '../ui/hooks';
import { useNarrow } from '../ui/narrow';
import { MonitorBar } from '../ui/MonitorBar';
import { filterRows } from '../ui/order';
import { Banner, emptyText, Search } from '../ui/parts';
import { Table } from '../ui/Table';
import { taskColumns } from './task/columns';
import { EVERY, STATES, taskText } from './task/filters';
import { NoWorker, Workers } from './task/Workers';
import { TaskDetail } from './TaskDetail';

interface Props {
  source: Source<TasksPayload>;
  selected: string;
  onSelect(task_id: string): void;
  onCancel(): void;
}

const BY_NAME = { key: 'task', descending: false };
const NONE: TaskRow[] = [];
/** Widths in px below which columns are left out. */
const NARROW = [800, 560];

export function TaskView({ source, selected, onSelect, onCancel }: Props) {
  const { payload, status } = useSource(source);
  const [query, setQuery] = useState('');
  const [state, setState] = useState(EVERY);
  const view = useRef<HTMLElement>(null);
  const narrow = useNarrow(view, NARROW);
  const all = payload?.tasks ?? NONE;
  const found = useMemo(() => filterRows(all.filter(STATES[state]!), query, taskText), [all, query, state]);
  // A single task needs no choice.
  const task = all.length === 1 ? all[0] : all.find(each => each.task_id === selected);

  return (
    <section class="hl-view" aria-label="Scheduled Task Monitor" ref={view}>
      <MonitorBar title="Scheduled Task Monitor" status={status} stop="Stop watching; tasks go on" onCancel={onCancel}>
        <Search value={query} onInput={setQuery} label="Search tasks" />
        <select class="hl-select" aria-label="State" value={state} onChange={event => setState(event.currentTarget.value)}>
          {Object.keys(STATES).map(name => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <small aria-live="polite" class="hl-count">
          {found.length === all.length ? count(all.length, 'task') : `${found.length} of ${count(all.length, 'task')}`}
        </small>
        {payload && <Workers source={source} workers={payload.workers} />}
      </MonitorBar>
      {status.word === 'lost' && <Banner>{status.text}</Banner>}
      {payload && <NoWorker source={source} payload={payload} />}
      {payload && payload.absent.length > 0 && (
        <Banner>No such task yet: {payload.absent.join(', ')}. It will appear here once it is created.</Banner>
      )}
      <div class="hl-split hl-single">
        <Table
          label="Tasks"
          columns={taskColumns[narrow]!}
          rows={found}
          rowKey={each => each.task_id}
          selected={task?.task_id ?? ''}
          onSelect={onSelect}
          sort={BY_NAME}
          empty={emptyText(payload !== null, all.length > 0, 'No task matches the search.', 'No tasks yet. They appear as soon as one is created.')}
        />
      </div>
      <Selected source={source} task={task} onSelect={onSelect} known={all} />
    </section>
  );
}

interface SelectedProps {
  source: Source<TasksPayload>;
  task: TaskRow | undefined;
  known: readonly TaskRow[];
  onSelect(task_id: string): void;
}

function Selected({ source, task, known, onSelect }: SelectedProps) {
  const { value, waiting, error } = useLatestDetail<Detail>(source, 'task', 'task_id', task?.task_id ?? '');
  if (!task) return <p class="hl-empty hl-details">Select a task to see its jobs and log.</p>;
  // A monitor of some tasks may not show the parts of one of them.
  const onOpenTask = known.length > 1 ? onSelect : undefined;
  return (
    <TaskDetail
      source={source}
      detail={value}
      waiting={waiting}
      error={error}
      title={task.task_id}
      onOpenTask={onOpenTask}
    />
  );
}
