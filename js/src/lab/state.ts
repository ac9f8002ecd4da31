/** Something that can be read and watched, such as which database is shown. */
import { useEffect, useState } from 'preact/hooks';

export interface Watched<T> {
  get(): T;
  subscribe(listener: () => void): () => void;
}

export class Value<T> implements Watched<T> {
  private listeners = new Set<() => void>();

  constructor(private value: T) {}

  get(): T {
    return this.value;
  }

  set(value: T): void {
    if (value === this.value) return;
    this.value = value;
    for (const listener of [...this.listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** The present value; draws again when it changes. */
export function useWatched<T>(watched: Watched<T>): T {
  const [, draw] = useState(0);
  useEffect(() => {
    const stop = watched.subscribe(() => draw(n => n + 1));
    draw(n => n + 1); // it may have changed between the first drawing and now
    return stop;
  }, [watched]);
  return watched.get();
}
