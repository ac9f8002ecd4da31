/** Scheduled tasks, when each is due and how the last job went; the selected one can be controlled. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { TaskRow, TasksPayload } from '../../contract/types.gen';
import type { Source } from '../../rpc/source';
import { ControlButton } from '../../ui/controls/ControlButton';
import { filterRows } from '../../ui/order';
import { useNow } from '../../ui/relative';
import { Table } from '../../ui/Table';
import { taskText } from '../task/filters';
import type { Actions, Reveal } from './actions';
import { taskColumns } from './columns';
import { Part, SelectionBar } from './Part';

interface Props {
  source: Source<TasksPayload>;
  payload: TasksPayload;
  query: string;
  actions: Actions;
  reveal: Reveal | null;
  onChanged(): void;
}

const OFTEN_MS = 10_000;

export function TasksPart({ source, payload, query, actions, reveal, onChanged }: Props) {
  const [selected, select] = useState('');
  const now = useNow(OFTEN_MS);
  const columns = useMemo(() => taskColumns(now), [now]);
  const found = useMemo(() => filterRows(payload.tasks, query, taskText), [payload, query]);
  const task = found.find(each => each.task_id === selected);

  return (
    <Part
      name="tasks"
      title="Tasks"
      count={found.length}
      reveal={reveal}
      insert={task ? `Insert a monitor of ${task.task_id}` : 'Insert a task monitor'}
      onInsert={() => actions.insertMonitor('ScheduledTaskMonitor', task ? [task.task_id] : [])}
    >
      <InSight actions={actions} />
      <Table
        label="Tasks"
        columns={columns}
        rows={found}
        rowKey={each => each.task_id}
        selected={selected}
        onSelect={select}
        onOpen={actions.openTask}
        clickOpens
        empty={payload.tasks.length ? 'No task matches.' : 'No tasks yet. ScheduledExecution(conn) creates them.'}
      />
      {task && <Controls key={task.task_id} source={source} task={task} onChanged={onChanged} />}
    </Part>
  );
}

/** While it is drawn, failures are in sight. */
function InSight({ actions }: { actions: Actions }) {
  useEffect(() => actions.attend('failed'), [actions]);
  return null;
}

interface ControlsProps {
  source: Source<TasksPayload>;
  task: TaskRow;
  onChanged(): void;
}

function Controls({ source, task, onChanged }: ControlsProps) {
  const same = { source, args: { task_id: task.task_id }, onDone: onChanged };
  const status = task.last_job?.status;
  return (
    <SelectionBar label={`Controls of ${task.task_id}`}>
      <ControlButton {...same} name="task.run" tone="chief" title="Queue a job now">
        Run now
      </ControlButton>
      {task.cron !== null && (
        <ControlButton {...same} key={String(task.enabled)} name={task.enabled ? 'task.pause' : 'task.resume'}>
          {task.enabled ? 'Pause' : 'Resume'}
        </ControlButton>
      )}
      {(status === 'RUNNING' || status === 'QUEUED') && (
        <ControlButton
          {...same}
          name="task.cancel"
          tone="grave"
          confirm={{ question: 'Stop its job? What it has done is dropped.', yes: 'Stop' }}
        >
          Cancel
        </ControlButton>
      )}
    </SelectionBar>
  );
}
