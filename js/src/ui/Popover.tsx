/** A button that opens a small panel below itself; Escape, or going elsewhere, closes it. */
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';

interface Props {
  label: ComponentChildren;
  /** What the panel is for. */
  title: string;
  children: ComponentChildren;
}

export function Popover({ label, title, children }: Props) {
  const details = useRef<HTMLDetailsElement>(null);
  const close = () => {
    details.current!.open = false;
  };
  return (
    <details
      class="hl-choice"
      ref={details}
      onKeyDown={event => {
        if (event.key !== 'Escape' || !details.current!.open) return;
        event.stopPropagation();
        close();
        details.current!.querySelector('summary')!.focus();
      }}
      onFocusOut={event => !details.current!.contains(event.relatedTarget as Node | null) && close()}
    >
      <summary class="hl-button">{label}</summary>
      <fieldset tabIndex={-1}>
        <legend>{title}</legend>
        {children}
      </fieldset>
    </details>
  );
}
