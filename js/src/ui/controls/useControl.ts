/** A control as something that can be run, is under way, or went wrong. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Answerer, control } from '../../rpc/source';

const SLOW_MS = 2_000;

export interface Running {
  busy: boolean;
  /** Busy for so long that one wonders. */
  slow: boolean;
  /** Why the last attempt failed; empty if it did not. */
  error: string;
  run(args?: Record<string, string>): Promise<void>;
  forget(): void;
}

/** Runs the control of a name; `onDone` is given its answer. One at a time: a second call while busy does nothing. */
export function useControl<T = unknown>(source: Answerer, name: string, onDone?: (answer: T) => void): Running {
  const [state, setState] = useState({ busy: false, slow: false, error: '' });
  const mounted = useRef(true);
  const busy = useRef(false);
  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);

  const run = async (args: Record<string, string> = {}) => {
    if (busy.current) return;
    busy.current = true;
    setState({ busy: true, slow: false, error: '' });
    const timer = setTimeout(() => mounted.current && setState(old => ({ ...old, slow: true })), SLOW_MS);
    let error = '';
    try {
      const answer = await control<T>(source, name, args);
      onDone?.(answer);
    } catch (failure) {
      error = (failure as Error).message;
    }
    clearTimeout(timer);
    busy.current = false;
    if (mounted.current) setState({ busy: false, slow: false, error });
  };
  return { ...state, run, forget: () => setState(old => ({ ...old, error: '' })) };
}
