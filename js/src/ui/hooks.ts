import { useEffect, useRef, useState } from 'preact/hooks';
import type { Answerer, Source, State } from '../rpc/source';

/** The detail of one thing: asked for once, then brought up to date by what comes unasked. */
export function useLatestDetail<T>(source: Source<unknown>, method: string, name: string, id: string): Answer<T> {
  const answer = useDetail<T>(source, method, name, id, '');
  const pushed = source.get().detail;
  return pushed?.id === id ? { value: pushed.value as T, waiting: false, error: '' } : answer;
}

/** The present state of a source; draws again when it changes. */
export function useSource<P>(source: Source<P>): State<P> {
  const [, draw] = useState(0);
  useEffect(() => {
    const stop = source.subscribe(() => draw(n => n + 1));
    draw(n => n + 1); // something may have come between the first drawing and now
    return stop;
  }, [source]);
  return source.get();
}

export interface Answer<T> {
  value: T | null;
  waiting: boolean;
  error: string;
}

/**
 * Asks for the detail of one thing, and again when `version` changes. The former answer stays
 * while the new one is under way, unless it was about something else.
 */
export function useDetail<T>(
  source: Answerer,
  method: string,
  name: string,
  id: string,
  version: string | number
): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ value: null, waiting: false, error: '' });
  const shown = useRef('');
  useEffect(() => {
    if (!id) return;
    let current = true;
    const same = shown.current === id;
    setAnswer(old => ({ value: same ? old.value : null, waiting: true, error: '' }));
    source.request<T>(method, { [name]: id }).then(
      value => {
        if (!current) return;
        shown.current = id;
        setAnswer({ value, waiting: false, error: '' });
      },
      (error: Error) => current && setAnswer({ value: null, waiting: false, error: error.message })
    );
    return () => {
      current = false;
    };
  }, [source, method, name, id, version]);
  return answer;
}
