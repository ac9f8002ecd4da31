/** A small form below a bar of controls: Enter does it, Escape closes it, keys stay in it. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Props {
  title: string;
  onSubmit(): void;
  onClose(): void;
  children: ComponentChildren;
}

export function Form({ title, onSubmit, onClose, children }: Props) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);

  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation(); // or the notebook would take it
    if (event.key === 'Escape') onClose();
    else if (event.key === 'Enter' && event.target instanceof HTMLInputElement) onSubmit();
    else return;
    event.preventDefault();
  };

  return (
    <form class="hl-form" ref={form} aria-label={title} onKeyDown={onKeyDown} onSubmit={event => event.preventDefault()}>
      {children}
    </form>
  );
}
