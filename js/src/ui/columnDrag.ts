/** Moving a column by its heading: with the pointer, or with Shift and an arrow key. */
import { useRef, useState } from 'preact/hooks';
import type { Placed } from './layout';

const FROM_PX = 5; // a shorter way is a click
const SIDES: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 };

type Headings = readonly Placed<{ key: string }>[];

/** The heading below a pointer to whose place another may move: a pinned column stays among the pinned ones. */
function headingAt(placed: Headings, key: string, x: number, y: number): string {
  const found = document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-column]')?.dataset['column'];
  const pinned = (wanted?: string) => placed.find(each => each.column.key === wanted)?.pinned;
  return found && found !== key && pinned(found) === pinned(key) ? found : '';
}

export function useColumnDrag(placed: Headings, onMove: ((key: string, target: string) => void) | undefined) {
  const drag = useRef<{ key: string; x: number; far: boolean } | null>(null);
  const [target, setTarget] = useState('');

  const end = (event: PointerEvent, drops: boolean) => {
    const { key, far } = drag.current ?? {};
    drag.current = null;
    setTarget('');
    if (!key || !far) return;
    const to = drops && headingAt(placed, key, event.clientX, event.clientY);
    if (to) onMove!(key, to);
  };
  const step = (key: string, by: number) => {
    const at = placed.findIndex(each => each.column.key === key);
    const to = placed[at + by];
    if (to && to.pinned === placed[at]!.pinned) onMove!(key, to.column.key);
  };

  const handlers = (key: string) =>
    onMove && {
      'aria-keyshortcuts': 'Shift+ArrowLeft Shift+ArrowRight',
      onKeyDown: (event: KeyboardEvent) => {
        const by = event.shiftKey && SIDES[event.key];
        if (!by) return;
        event.preventDefault();
        event.stopPropagation(); // or the notebook would take it
        step(key, by);
      },
      onPointerDown: (event: PointerEvent) => {
        if (event.button === 0) drag.current = { key, x: event.clientX, far: false };
      },
      onPointerMove: (event: PointerEvent & { currentTarget: HTMLElement }) => {
        if (!drag.current) return;
        if (!drag.current.far && Math.abs(event.clientX - drag.current.x) < FROM_PX) return;
        if (!drag.current.far) event.currentTarget.setPointerCapture(event.pointerId);
        drag.current.far = true;
        setTarget(headingAt(placed, key, event.clientX, event.clientY));
      },
      onPointerUp: (event: PointerEvent & { currentTarget: HTMLElement }) => {
        if (drag.current?.far) swallowClick(event.currentTarget);
        end(event, true);
      },
      onPointerCancel: (event: PointerEvent) => end(event, false)
    };
  return { target, handlers };
}

/** The click that follows a drag sorts nothing. */
function swallowClick(heading: HTMLElement): void {
  const swallow = (event: Event) => event.stopPropagation();
  heading.addEventListener('click', swallow, { capture: true, once: true });
  setTimeout(() => heading.removeEventListener('click', swallow, { capture: true }));
}
