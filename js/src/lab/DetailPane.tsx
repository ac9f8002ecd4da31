/** A run or a task in the main area, asked for again every few seconds. */
import { useEffect, useState } from 'preact/hooks';
import type { RunDetail as Run, TaskDetail as Task } from '../contract/types.gen';
import type { Answerer } from '../rpc/source';
import { type Answer, useDetail } from '../ui/hooks';
import { RunDetail } from '../views/RunDetail';
import { TaskDetail } from '../views/TaskDetail';

const AGAIN_MS = 2_000;

function useLiveDetail<T>(source: Answerer, method: string, name: string, id: string): Answer<T> {
  const [round, setRound] = useState(0);
  const answer = useDetail<T>(source, method, name, id, round);
  useEffect(() => {
    if (answer.waiting) return;
    const timer = setTimeout(() => setRound(n => n + 1), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [answer.waiting, round]);
  return answer;
}

interface RunPaneProps {
  source: Answerer;
  id: string;
  title: string;
  onOpenRun(run_id: string, name: string): void;
}

export function RunPane({ source, id, title, onOpenRun }: RunPaneProps) {
  const { value, waiting, error } = useLiveDetail<Run>(source, 'run', 'run_id', id);
  return <RunDetail source={source} detail={value} waiting={waiting} error={error} title={title} charts onOpenRun={onOpenRun} />;
}

interface TaskPaneProps {
  source: Answerer;
  id: string;
  onOpenRun(run_id: string, name: string): void;
}

export function TaskPane({ source, id, onOpenRun }: TaskPaneProps) {
  const { value, waiting, error } = useLiveDetail<Task>(source, 'task', 'task_id', id);
  return <TaskDetail detail={value} waiting={waiting} error={error} title={id} onOpenRun={onOpenRun} />;
}
