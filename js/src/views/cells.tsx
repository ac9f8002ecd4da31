/** The views as notebook cells have them: what is selected is a trait that Python reads too. */
import type { AnyModel } from '@anywidget/types';
import type { ExperimentsPayload, TasksPayload } from '../contract/types.gen';
import type { Source } from '../rpc/source';
import { cancel, useTrait } from '../ui/trait';
import { ExperimentView, type Selection } from './ExperimentView';
import { TaskView } from './TaskView';

export function ExperimentCell({ source, host }: { source: Source<ExperimentsPayload>; host: AnyModel }) {
  const [selection, select] = useTrait<Selection>(host, 'selection');
  return (
    <ExperimentView source={source} selection={selection} onSelect={select} onCancel={() => cancel(source)} />
  );
}

export function TaskCell({ source, host }: { source: Source<TasksPayload>; host: AnyModel }) {
  const [selected, select] = useTrait<string>(host, 'selected');
  return <TaskView source={source} selected={selected} onSelect={select} onCancel={() => cancel(source)} />;
}
