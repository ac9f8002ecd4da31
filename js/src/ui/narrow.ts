import { type RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** Whether an element has less than so many px of width. */
export function useNarrow(element: RefObject<HTMLElement | null>, px: number): boolean {
  const [narrow, setNarrow] = useState(false);
  useEffect(() => {
    const watch = new ResizeObserver(() => setNarrow(element.current!.clientWidth < px));
    watch.observe(element.current!);
    return () => watch.disconnect();
  }, [element, px]);
  return narrow;
}
