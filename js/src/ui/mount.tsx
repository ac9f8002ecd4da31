import { type ComponentChild, render } from 'preact';
import './ui.css';

/** Draws a view into an element; call what it returns to take it away. */
export function mount(element: HTMLElement, view: ComponentChild): () => void {
  element.classList.add('hl-root');
  // Keys typed here are for the view, not shortcuts of the notebook.
  element.dataset['lmSuppressShortcuts'] = 'true';
  render(view, element);
  return () => render(null, element);
}
