/** The views as notebook cells have them: what is selected is a trait that Python reads too. */
import type { AnyModel } from '@anywidget/types';
import { useEffect, useState } from 'preact/hooks';
import type { ExperimentsPayload, TasksPayload } from '../contract/types.gen';
import type { Answerer, Source } from '../rpc/source';
import { ExperimentView, type Selection } from './ExperimentView';
import { TaskView } from './TaskView';

/** A trait as state: what one side sets, the other sees. */
function useTrait<T>(host: AnyModel, name: string): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => host.get(name) as T);
  useEffect(() => {
    const read = () => setValue(host.get(name) as T);
    host.on(`change:${name}`, read);
    read();
    return () => host.off(`change:${name}`, read);
  }, [host, name]);
  const save = (next: T) => {
    host.set(name, next);
    host.save_changes();
  };
  return [value, save];
}

function cancel(source: Answerer): void {
  // An answer comes once the kernel is free; the status then says so.
  source.request('cancel').catch((error: Error) => console.warn('hanalife:', error.message));
}

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
