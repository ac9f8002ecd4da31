/** A part of the sidebar that folds away. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { PartName, Reveal } from './actions';

interface Props {
  name: PartName;
  title: string;
  count: number | string;
  reveal: Reveal | null;
  /** Whether it is open before anybody has folded it. */
  open?: boolean;
  /** Puts code into the notebook: what the button is called. */
  insert: string;
  onInsert(): void;
  children: ComponentChildren;
}

export function Part({ name, title, count, reveal, open = true, insert, onInsert, children }: Props) {
  const [chosen, choose] = useState<boolean | null>(null);
  const heading = useRef<HTMLButtonElement>(null);
  const id = useId();
  const asked = reveal?.part === name ? reveal.at : 0;
  useEffect(() => {
    if (!asked) return;
    choose(true);
    heading.current!.focus();
  }, [asked]);
  const isOpen = chosen ?? open;

  return (
    <section class={`hl-part ${isOpen ? 'hl-unfolded' : ''}`} data-part={name} aria-label={title}>
      <header>
        <h3>
          <button type="button" ref={heading} aria-expanded={isOpen} aria-controls={id} onClick={() => choose(!isOpen)}>
            <i aria-hidden="true" />
            {title} <small>{count}</small>
          </button>
        </h3>
        <InsertButton label={insert} onClick={onInsert} />
      </header>
      <div class="hl-part-body" id={id} hidden={!isOpen}>
        {isOpen && children}
      </div>
    </section>
  );
}

export function InsertButton({ label, onClick }: { label: string; onClick(): void }) {
  return (
    <button type="button" class="hl-insert" title={label} aria-label={label} onClick={onClick}>
      <span aria-hidden="true">{'</>'}</span>
    </button>
  );
}

/** What can be done with what is selected, below its table. */
export function SelectionBar({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="hl-controls hl-selection" role="group" aria-label={label}>
      {children}
    </div>
  );
}
