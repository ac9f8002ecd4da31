import type { ComponentChildren } from 'preact';
import type { MonitorStatus } from '../contract/types.gen';
import { Badge } from './parts';

interface Props {
  title: string;
  status: MonitorStatus;
  /** What stopping leaves alone. */
  stop: string;
  onCancel(): void;
  /** The search, what it found, and what else a kind of monitor has. */
  children: ComponentChildren;
}

/** The bar over a monitor: what it is, how it is doing, and the way to stop it. */
export function MonitorBar({ title, status, stop, onCancel, children }: Props) {
  return (
    <header class="hl-bar">
      <h2>{title}</h2>
      {children}
      <Badge status={status} />
      {status.word !== 'cancelled' && (
        <button type="button" class="hl-button" title={stop} onClick={onCancel}>
          Cancel
        </button>
      )}
    </header>
  );
}
