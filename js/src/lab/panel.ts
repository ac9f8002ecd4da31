/** Lumino widgets that hold a view; they connect only while they are seen. */
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

/** Draws into an element and returns what undoes it. */
export type Draw = (element: HTMLElement) => () => void;

export class Panel extends Widget {
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

  protected override onBeforeHide(_message: Message): void {
    this.stop();
  }

  protected override onBeforeDetach(_message: Message): void {
    this.stop();
  }

  private start(): void {
    // A panel in the sidebar is attached long before it is seen.
    if (this.isVisible) this.undo ??= this.draw(this.node);
  }

  private stop(): void {
    this.undo?.();
    this.undo = undefined;
  }
}
