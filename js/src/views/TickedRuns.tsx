/** What can be done with the ticked runs: compare them, set a tag of all, delete them. */
import { useState } from 'preact/hooks';
import type { Answerer } from '../rpc/source';
import { Button, ControlButton } from '../ui/controls/ControlButton';
import { count } from '../ui/format';
import { Form } from './task/Form';
import './task/task.css';

interface Props {
  source: Answerer;
  /** How many are ticked, also such as are not there yet or no more. */
  ticked: number;
  run_ids: string[];
  comparing: boolean;
  onCompare(): void;
  onUntick(): void;
}

export function TickedRuns({ source, ticked, run_ids, comparing, onCompare, onUntick }: Props) {
  const [tagging, setTagging] = useState(false);
  const runs = count(run_ids.length, 'run');
  return (
    <>
      <div class="hl-bar hl-ticked hl-controls" role="group" aria-label="Ticked runs">
        <span>
          <b>{ticked}</b> ticked
        </span>
        <button
          type="button"
          class="hl-button hl-chief"
          disabled={run_ids.length < 2}
          aria-pressed={comparing}
          onClick={onCompare}
        >
          Compare
        </button>
        <Button disabled={!run_ids.length} expanded={tagging} onClick={() => setTagging(!tagging)}>
          Tag
        </Button>
        <ControlButton
          source={source}
          name="run.delete"
          args={{ run_ids: JSON.stringify(run_ids) }}
          tone="grave"
          confirm={{
            question: `Delete ${runs} and all that is recorded of them? This cannot be undone.`,
            yes: 'Delete'
          }}
          disabled={!run_ids.length}
          onDone={onUntick}
        >
          Delete
        </ControlButton>
        <button type="button" class="hl-button" onClick={onUntick}>
          Untick all
        </button>
      </div>
      {tagging && run_ids.length > 0 && <TagForm source={source} run_ids={run_ids} onClose={() => setTagging(false)} />}
    </>
  );
}

/** A tag for all of some runs, with a question before it replaces what they have under its name. */
function TagForm({ source, run_ids, onClose }: { source: Answerer; run_ids: string[]; onClose(): void }) {
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  const runs = count(run_ids.length, 'run');
  const field = (label: string, text: string, onText: (text: string) => void) => (
    <label class="hl-field">
      <span>{label}</span>
      <input class="hl-input" autocomplete="off" value={text} onInput={event => onText(event.currentTarget.value)} />
    </label>
  );
  return (
    <Form title={`Tag ${runs}`} onSubmit={() => undefined} onClose={onClose}>
      <div class="hl-fields">
        {field('Tag', name, setName)}
        {field('Value', value, setValue)}
      </div>
      <div class="hl-controls">
        <ControlButton
          source={source}
          name="run.set_tags"
          args={{ run_ids: JSON.stringify(run_ids), tag_name: name, tag_value: value }}
          tone="chief"
          disabled={!name.trim()}
          confirm={{ question: `Set tag ${name} of ${runs}? A tag of that name is replaced.`, yes: 'Set tag' }}
          onDone={onClose}
        >
          Set tag of {runs}
        </ControlButton>
        <Button onClick={onClose}>Close</Button>
      </div>
    </Form>
  );
}
