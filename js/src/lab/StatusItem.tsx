/** The number of running jobs in the status bar; a click opens the tasks. */
import { count } from '../ui/format';
import type { Attention } from './pulse';
import { useWatched, type Watched } from './state';

interface Props {
  attention: Watched<Attention | null>;
  onClick(): void;
}

export function StatusItem({ attention, onClick }: Props) {
  const now = useWatched(attention);
  if (!now) return null;
  const { running, queued, failed } = now;
  return (
    <button
      type="button"
      class={`hl-status ${failed ? 'hl-has-failed' : ''}`}
      title={`hanalife: ${running} running, ${queued} waiting, ${failed} failed since you last looked. Show the tasks`}
      onClick={onClick}
    >
      <i class={running ? 'hl-going' : ''} aria-hidden="true" />
      {count(running, 'job')} running
      {failed > 0 && <b>{failed} failed</b>}
    </button>
  );
}
