/** One job with other parameters than the task's own. */
import { useState } from 'preact/hooks';
import type { TaskDetail } from '../../contract/types.gen';
import type { Answerer } from '../../rpc/source';
import { Button, ControlProblem } from '../../ui/controls/ControlButton';
import { useControl } from '../../ui/controls/useControl';
import { Form } from './Form';
import { type Entry, changed } from './parameters';

interface Props {
  source: Answerer;
  detail: TaskDetail;
  onQueued(answer: unknown): void;
  onClose(): void;
}

export function RunForm({ source, detail, onQueued, onClose }: Props) {
  const [entries, setEntries] = useState<Entry[]>(() =>
    detail.arguments.map(({ name, json }) => ({ name, text: json, own: json }))
  );
  const { busy, error, run, forget } = useControl(source, 'task.run', onQueued);
  const { task_id } = detail.task;
  const put = (at: number, patch: Partial<Entry>) =>
    setEntries(old => old.map((entry, i) => (i === at ? { ...entry, ...patch } : entry)));
  const others = changed(entries);

  const submit = () => run(Object.keys(others).length ? { task_id, parameters: JSON.stringify(others) } : { task_id });

  return (
    <Form title={`Run ${task_id} with other parameters`} onSubmit={submit} onClose={onClose}>
      <p class="hl-hint">For one job only; the task keeps its own. Values are JSON; a plain word is taken as text.</p>
      <div class="hl-entries">
        {entries.map((entry, i) => (
          <div class="hl-entry" key={i}>
            {entry.own === null ? (
              <input
                class="hl-input"
                aria-label="Name of the parameter"
                placeholder="name"
                value={entry.name}
                onInput={event => put(i, { name: event.currentTarget.value })}
              />
            ) : (
              <label for={`hl-parameter-${i}`} title={entry.name}>
                {entry.name}
              </label>
            )}
            <input
              id={`hl-parameter-${i}`}
              class={`hl-input hl-code ${entry.text === entry.own ? '' : 'hl-changed'}`}
              aria-label={entry.name || 'Value of the parameter'}
              value={entry.text}
              onInput={event => put(i, { text: event.currentTarget.value })}
            />
          </div>
        ))}
      </div>
      <div class="hl-controls">
        <Button tone="chief" busy={busy} onClick={submit}>
          Run now
        </Button>
        <Button onClick={() => setEntries(old => [...old, { name: '', text: '', own: null }])}>Add a parameter</Button>
        <Button onClick={onClose}>Close</Button>
        <small>{Object.keys(others).length ? `changed: ${Object.keys(others).join(', ')}` : ''}</small>
        {error && <ControlProblem onForget={forget}>{error}</ControlProblem>}
      </div>
    </Form>
  );
}
