/** Views of the table by name: keep the present one, go back to one, forget one. */
import { useRef, useState } from 'preact/hooks';
import { Popover } from '../ui/Popover';
import { FIRST_VIEW, type RunView, type ViewShelf } from './runView';

interface Props {
  shelf: ViewShelf;
  view: RunView;
  onView(view: RunView): void;
}

export function SavedViews({ shelf, view, onView }: Props) {
  const [name, setName] = useState('');
  const [, draw] = useState(0);
  const box = useRef<HTMLInputElement>(null);
  const named = Object.entries(shelf.named).sort(([a], [b]) => (a < b ? -1 : 1));
  const change = (action: () => void) => {
    action();
    draw(n => n + 1);
  };
  const keep = () => {
    if (!name.trim()) return;
    change(() => shelf.keep(name.trim(), view));
    box.current?.focus(); // the button cannot be used any more, and would take the panel with it
    setName('');
  };
  return (
    <Popover title="Views, kept in this browser" label="Views">
      <ul class="hl-columns">
        <li>
          <button type="button" class="hl-link" onClick={() => onView(FIRST_VIEW)}>
            As at first
          </button>
        </li>
        {named.map(([each, its]) => (
          <li key={each}>
            <button type="button" class="hl-link" onClick={() => onView({ ...FIRST_VIEW, ...its })}>
              {each}
            </button>
            <button
              type="button"
              class="hl-toggle"
              aria-label={`Forget view ${each}`}
              title={`Forget view ${each}`}
              onClick={() => {
                box.current?.focus();
                change(() => shelf.drop(each));
              }}
            >
              ✕
            </button>
          </li>
        ))}
      </ul>
      <div class="hl-controls">
        <input
          class="hl-search"
          ref={box}
          aria-label="Name of the view"
          placeholder="Name of the view"
          value={name}
          onInput={event => setName(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key === 'Enter') keep();
            if (event.key !== 'Escape') event.stopPropagation();
          }}
        />
        <button type="button" class="hl-button" disabled={!name.trim()} onClick={keep}>
          Keep
        </button>
      </div>
    </Popover>
  );
}
