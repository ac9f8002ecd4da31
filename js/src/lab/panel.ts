/** Lumino widgets that hold a view. It is drawn when it is first seen, and told whether it is seen. */
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { Value, type Watched } from './state';

/** Draws into an element and returns what undoes it; a view that is not seen should ask nothing. */
export type Draw = (element: HTMLElement, seen: Watched<boolean>) => () => void;

export class Panel extends Widget {
  readonly seen = new Value(false);
  private undo: (() => void) | undefined;

  constructor(private draw: Draw) {
    super();
    this.addClass('hl-panel');
  }

  protected override onAfterAttach(_message: Message): void {
    this.start();
  }

  protected override onAfterShow(_message: Message): void {
    this.start();
  }

  protected override onAfterHide(_message: Message): void {
    this.seen.set(false);
  }

  protected override onBeforeDetach(_message: Message): void {
    this.seen.set(false);
  }

  override dispose(): void {
    this.undo?.();
    this.undo = undefined;
    super.dispose();
  }

  private start(): void {
    // A panel in the sidebar is attached long before it is seen.
    if (!this.isVisible) return;
    this.seen.set(true);
    this.undo ??= this.draw(this.node, this.seen);
  }
}
