/** Which columns the table of runs has, and which stay in sight. */
import { useState } from 'preact/hooks';
import { filterRows } from '../ui/order';
import { Popover } from '../ui/Popover';
import { Search } from '../ui/parts';

export interface Choice {
  key: string;
  label: string;
}

interface Props {
  choices: Choice[];
  shown: readonly string[];
  pinned: readonly string[];
  onShown(keys: string[]): void;
  /** A column is to take the place of another. */
  onMove(key: string, target: string): void;
  onPinned(keys: string[]): void;
  onReset(): void;
}

export function ColumnChoice(props: Props) {
  const { choices, shown, pinned } = props;
  const [query, setQuery] = useState('');
  const found = filterRows(choices, query, choice => choice.label);
  const show = (keys: readonly string[], on: boolean) => {
    const changed = new Set(keys);
    props.onShown(choices.map(each => each.key).filter(key => (changed.has(key) ? on : shown.includes(key))));
  };
  const keys = found.map(each => each.key);
  return (
    <Popover
      title="Columns to show"
      label={
        <>
          Columns{' '}
          <small>
            {shown.length} of {choices.length}
          </small>
        </>
      }
    >
      {choices.length > 12 && <Search value={query} onInput={setQuery} label="Find a column" />}
      <ul class="hl-columns">
        {found.map(({ key, label }, place) => (
          <li key={key}>
            <label title={label}>
              <input
                type="checkbox"
                checked={shown.includes(key)}
                onChange={event => show([key], event.currentTarget.checked)}
              />
              <span>{label}</span>
            </label>
            <Move sign="↑" label={`Move ${label} up`} target={found[place - 1]} onMove={to => props.onMove(key, to)} />
            <Move sign="↓" label={`Move ${label} down`} target={found[place + 1]} onMove={to => props.onMove(key, to)} />
            <Toggle
              sign="⇤"
              on={pinned.includes(key)}
              title={`Keep ${label} in sight at the left`}
              onToggle={() => props.onPinned(toggled(pinned, key))}
            />
          </li>
        ))}
      </ul>
      <small>Headings of the table can be dragged too.</small>
      {!found.length && <p class="hl-empty">No column of that name.</p>}
      <div class="hl-controls">
        <button type="button" class="hl-button" onClick={() => show(keys, true)}>
          Show {query ? 'found' : 'all'}
        </button>
        <button type="button" class="hl-button" onClick={() => show(keys, false)}>
          Hide {query ? 'found' : 'all'}
        </button>
        <button type="button" class="hl-button" onClick={props.onReset}>
          Reset
        </button>
      </div>
    </Popover>
  );
}

function toggled(names: readonly string[], name: string): string[] {
  return names.includes(name) ? names.filter(each => each !== name) : [...names, name];
}

function Toggle({ sign, on, title, onToggle }: { sign: string; on: boolean; title: string; onToggle(): void }) {
  return (
    <button type="button" class="hl-toggle" aria-pressed={on} aria-label={title} title={title} onClick={onToggle}>
      <span aria-hidden="true">{sign}</span>
    </button>
  );
}

/** Moves a column to the place of its neighbour in the list; kept where there is none, so that the focus is not lost. */
function Move({ sign, label, target, onMove }: { sign: string; label: string; target: Choice | undefined; onMove(target: string): void }) {
  return (
    <button
      type="button"
      class="hl-toggle"
      aria-label={label}
      title={label}
      aria-disabled={!target}
      onClick={() => target && onMove(target.key)}
    >
      <span aria-hidden="true">{sign}</span>
    </button>
  );
}
