/** Who executes what is due: how many workers there are, or a clear word that there is none. */
import type { TasksPayload, WorkerRow } from '../../contract/types.gen';
import type { Answerer } from '../../rpc/source';
import { ControlButton } from '../../ui/controls/ControlButton';
import { count, moment } from '../../ui/format';
import { relative, useNow } from '../../ui/relative';
import './task.css';

interface BannerProps {
  source: Answerer;
  payload: TasksPayload;
}

/** Stands above the tasks while nothing can happen to them. */
export function NoWorker({ source, payload }: BannerProps) {
  if (payload.workers.length || !payload.tasks.length) return null;
  return (
    <div class="hl-banner hl-no-worker hl-controls" role="alert">
      <span class="hl-no-worker-text">
        <i aria-hidden="true">!</i>
        <span>
          <b>No worker is running</b>, so nothing that is due will start.
        </span>
      </span>
      <ControlButton
        source={source}
        name="worker.start"
        tone="chief"
        title="A worker in this process: it ends with the kernel or server. One of its own: hanalife worker"
      >
        Start a worker
      </ControlButton>
    </div>
  );
}

/** The workers that are alive, on demand. */
export function Workers({ source, workers }: { source: Answerer; workers: WorkerRow[] }) {
  if (!workers.length) return <small class="hl-workers">no worker</small>;
  return (
    <details class="hl-choice hl-workers" onKeyDown={closeOnEscape}>
      <summary class="hl-button">{count(workers.length, 'worker')}</summary>
      <WorkerList source={source} workers={workers} />
    </details>
  );
}

function closeOnEscape(event: KeyboardEvent) {
  const details = event.currentTarget as HTMLDetailsElement;
  if (event.key !== 'Escape' || !details.open) return;
  details.open = false;
  details.querySelector('summary')?.focus();
  event.stopPropagation();
}

function WorkerList({ source, workers }: { source: Answerer; workers: WorkerRow[] }) {
  const now = useNow(10_000);
  return (
    <fieldset>
      <legend>Workers that are alive</legend>
      {workers.map(worker => (
        <div class="hl-worker" key={worker.worker_id}>
          <b>{worker.host}</b>
          <span>process {worker.pid}</span>
          <span>{count(worker.max_jobs, 'job')} at a time</span>
          <small title={`${moment(worker.started_at)} UTC`}>since {relative(worker.started_at, now).replace(' ago', '')}</small>
        </div>
      ))}
      <div class="hl-controls hl-worker-stop">
        <ControlButton
          source={source}
          name="worker.stop"
          tone="grave"
          confirm={{ question: 'Stop the worker that was started from here? Its running jobs begin anew later.', yes: 'Stop' }}
        >
          Stop the worker started here
        </ControlButton>
      </div>
    </fieldset>
  );
}
