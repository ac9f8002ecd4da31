import { type RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** How many of some widths (px) an element is narrower than. */
export function useNarrow(element: RefObject<HTMLElement | null>, widths: readonly number[]): number {
  const [narrow, setNarrow] = useState(0);
  useEffect(() => {
    const node = element.current!;
    const watch = new ResizeObserver(() => setNarrow(widths.filter(width => node.clientWidth < width).length));
    watch.observe(node);
    return () => watch.disconnect();
  }, [element, widths]);
  return narrow;
}
