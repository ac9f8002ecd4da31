/** A question in place, before something that cannot be undone: Escape or No leaves everything as it is. */
import { useEffect, useId, useRef } from 'preact/hooks';
import './controls.css';

interface Props {
  question: string;
  /** What the button says that does it, such as `Remove`. */
  yes: string;
  onYes(): void;
  onNo(): void;
}

export function Confirm({ question, yes, onYes, onNo }: Props) {
  const no = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => no.current?.focus(), []); // Enter by habit does no harm

  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation(); // or the notebook would take it
    if (event.key !== 'Escape') return;
    event.preventDefault();
    onNo();
  };

  return (
    <div class="hl-confirm" role="alertdialog" aria-labelledby={id} onKeyDown={onKeyDown}>
      <span id={id}>{question}</span>
      <span class="hl-confirm-answers">
        <button type="button" class="hl-button hl-grave" onClick={onYes}>
          {yes}
        </button>
        <button type="button" class="hl-button" ref={no} onClick={onNo}>
          No
        </button>
      </span>
    </div>
  );
}
