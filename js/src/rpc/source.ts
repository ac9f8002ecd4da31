/** What a view needs of the world: data that changes, and somebody to ask. No Jupyter in here. */
import type { ErrorInfo, MonitorStatus } from '../contract/types.gen';

export interface State<P> {
  payload: P | null;
  status: MonitorStatus;
  /** The latest of one run or task that came unasked. */
  detail: { id: string; value: unknown } | null;
}

export interface Answerer {
  request<T>(method: string, args?: Record<string, string>): Promise<T>;
}

/** Makes a change in the store; the answer is what `hanalife/controls` returns for it. */
export function control<T = unknown>(answerer: Answerer, name: string, args: Record<string, string>): Promise<T> {
  return answerer.request<T>('control', { control: name, ...args });
}

export interface Source<P> extends Answerer {
  get(): State<P>;
  subscribe(listener: () => void): () => void;
  dispose(): void;
}

/** A long list, of which the newest come by themselves and older ones when they are asked for. */
export interface LongSource<P> extends Source<P> {
  /** Brings older ones; nothing while some are on their way. */
  older(): Promise<void>;
}

export class RequestError extends Error {
  constructor(readonly info: ErrorInfo) {
    super(info.hint ? `${info.message} ${info.hint}` : info.message);
  }
}

/** Holds the state and tells listeners once per animation frame. */
export abstract class Store<P> implements Source<P> {
  private state: State<P> = { payload: null, status: { word: 'starting', text: '' }, detail: null };
  private listeners = new Set<() => void>();
  private told = true;

  get(): State<P> {
    return this.state;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  abstract request<T>(method: string, args?: Record<string, string>): Promise<T>;

  dispose(): void {
    this.listeners.clear();
  }

  protected set(patch: Partial<State<P>>): void {
    this.state = { ...this.state, ...patch };
    if (!this.told) return;
    this.told = false;
    requestAnimationFrame(() => {
      this.told = true;
      for (const listener of [...this.listeners]) listener();
    });
  }
}
