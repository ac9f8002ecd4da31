import { type RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** Whether an element has less than so many px of width. */
export function useNarrow(element: RefObject<HTMLElement | null>, px: number): boolean {
  const [narrow, setNarrow] = useState(false);
  useEffect(() => {
    const node = element.current!;
    const watch = new ResizeObserver(() => setNarrow(node.clientWidth < px));
    watch.observe(node);
    return () => watch.disconnect();
  }, [element, px]);
  return narrow;
}
