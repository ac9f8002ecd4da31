/** Letting an alias name a version: which alias, and why, with a question before it happens. */
import { useId, useState } from 'preact/hooks';
import type { ModelDetail } from '../../contract/types.gen';
import type { Answerer } from '../../rpc/source';
import { Button, ControlButton } from '../../ui/controls/ControlButton';
import { Form } from '../task/Form';
import { Evidence } from './Evidence';

const CHAMPION = 'champion';

interface Props {
  source: Answerer;
  detail: ModelDetail;
  version: number;
  onClose(): void;
}

export function PromoteForm({ source, detail, version, onClose }: Props) {
  const [alias, setAlias] = useState(CHAMPION);
  const [note, setNote] = useState('');
  const known = useId();
  const present = detail.aliases.find(each => each.alias === alias);
  const needed = present?.movers != null && !note.trim();
  const same = present?.version === version;
  const args = { name: detail.name, version: String(version), alias, note };
  const names = [...new Set([CHAMPION, ...detail.aliases.map(each => each.alias)])];

  return (
    <Form title={`Promote version ${version}`} onSubmit={() => undefined} onClose={onClose}>
      <Evidence detail={detail} version={version} alias={alias} />
      <div class="hl-promote">
        <label class="hl-field">
          <span>Alias</span>
          <input
            class="hl-input"
            list={known}
            spellcheck={false}
            autocomplete="off"
            value={alias}
            onInput={event => setAlias(event.currentTarget.value)}
          />
        </label>
        <datalist id={known}>
          {names.map(name => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <label class="hl-field hl-grow">
          <span>Why{present?.movers ? ', which this protected alias demands' : ''}</span>
          <input class="hl-input" value={note} autocomplete="off" onInput={event => setNote(event.currentTarget.value)} />
        </label>
      </div>
      <div class="hl-controls">
        <ControlButton
          source={source}
          name="model.promote"
          args={args}
          tone="chief"
          disabled={!alias || needed || same}
          confirm={{ question: question(detail.name, alias, version, present?.version ?? null), yes: 'Promote' }}
          onDone={onClose}
        >
          Promote version {version}
        </ControlButton>
        <Button onClick={onClose}>Close</Button>
        {same && (
          <small>
            {alias} names version {version} already.
          </small>
        )}
      </div>
    </Form>
  );
}

function question(name: string, alias: string, version: number, before: number | null): string {
  const instead = before === null ? '' : ` instead of version ${before}`;
  return `Let ${alias} of ${name} name version ${version}${instead}? Whoever loads ${alias} gets it at once.`;
}
