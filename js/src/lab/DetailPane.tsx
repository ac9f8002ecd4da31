/** A run, task, model or drift in the main area, asked for again every few seconds. */
import { useEffect, useState } from 'preact/hooks';
import type { DriftDetail as Drift, ModelDetail as Model, RunDetail as Run, TaskDetail as Task } from '../contract/types.gen';
import type { Answerer } from '../rpc/source';
import { type Answer, useDetail } from '../ui/hooks';
import { DriftDetail } from '../views/DriftDetail';
import { ModelDetail } from '../views/ModelDetail';
import { RunDetail } from '../views/RunDetail';
import { TaskDetail } from '../views/TaskDetail';
import { useWatched, type Watched } from './state';

const AGAIN_MS = 2_000;

function useLiveDetail<T>({ source, seen, id }: PaneProps, method: string, name: string): Answer<T> {
  const [round, setRound] = useState(0);
  const isSeen = useWatched(seen);
  const answer = useDetail<T>(source, method, name, id, round);
  useEffect(() => {
    if (answer.waiting || !isSeen) return;
    const timer = setTimeout(() => setRound(n => n + 1), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [answer.waiting, round, isSeen]);
  return answer;
}

interface PaneProps {
  source: Answerer;
  seen: Watched<boolean>;
  id: string;
  onOpenRun(run_id: string, name: string): void;
}

export function RunPane({ title, ...props }: PaneProps & { title: string }) {
  const { value, waiting, error } = useLiveDetail<Run>(props, 'run', 'run_id');
  return (
    <RunDetail
      source={props.source}
      detail={value}
      waiting={waiting}
      error={error}
      title={title}
      charts
      onOpenRun={props.onOpenRun}
    />
  );
}

export function TaskPane(props: PaneProps) {
  const { value, waiting, error } = useLiveDetail<Task>(props, 'task', 'task_id');
  const { source, id, onOpenRun } = props;
  return <TaskDetail source={source} detail={value} waiting={waiting} error={error} title={id} onOpenRun={onOpenRun} />;
}

export function ModelPane(props: PaneProps) {
  const { value, waiting, error } = useLiveDetail<Model>(props, 'model', 'name');
  const { source, id, onOpenRun } = props;
  return <ModelDetail source={source} detail={value} waiting={waiting} error={error} title={id} onOpenRun={onOpenRun} />;
}

/** The checks that one of them belongs to. */
export function DriftPane({ title, ...props }: PaneProps & { title: string }) {
  const { value, waiting, error } = useLiveDetail<Drift>(props, 'drift_series', 'check_id');
  const { source, id } = props;
  return <DriftDetail source={source} detail={value} waiting={waiting} error={error} title={title} check_id={id} />;
}
