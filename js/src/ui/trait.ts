/** What a notebook cell shares with Python: traits, and the end of watching. */
import type { AnyModel } from '@anywidget/types';
import { useEffect, useState } from 'preact/hooks';
import type { Answerer } from '../rpc/source';

/** A trait as state: what one side sets, the other sees. */
export function useTrait<T>(host: AnyModel, name: string): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => host.get(name) as T);
  useEffect(() => {
    const read = () => setValue(host.get(name) as T);
    host.on(`change:${name}`, read);
    read();
    return () => host.off(`change:${name}`, read);
  }, [host, name]);
  const save = (next: T) => {
    host.set(name, next);
    host.save_changes();
  };
  return [value, save];
}

export function cancel(source: Answerer): void {
  // An answer comes once the kernel is free; the status then says so.
  source.request('cancel').catch((error: Error) => console.warn('hanalife:', error.message));
}
