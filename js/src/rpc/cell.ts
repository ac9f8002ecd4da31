/** The transport of a notebook cell: traits hold the truth, custom messages bring changes and answers. */
import type { AnyModel } from '@anywidget/types';
import { decode } from '../contract/decode';
import type { ErrorInfo, RunsPage } from '../contract/types.gen';
import { hearAgain } from './hearing';
import { RequestError, Store } from './source';

type Message<D> =
  | { delta: D }
  | { older: RunsPage }
  | { detail: { id: string; value: unknown } }
  | { id: string; ok: unknown }
  | { id: string; error: ErrorInfo };

const ANSWER_MS = 60_000;
/** What is not in a snapshot comes unasked, soon; a page that was loaded later has to ask for it. */
const REST_MS = 3_000;

/** How a payload comes that may be too long to be sent at once: its head, then what is older. */
interface Parts<P> {
  isWhole(payload: P): boolean;
  withOlder(payload: P, page: RunsPage): P;
}

const AT_ONCE = { isWhole: () => true, withOlder: <P>(payload: P) => payload };

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

export class CellSource<P extends { contract: number }, D> extends Store<P> {
  private pending = new Map<string, Pending>();
  private count = 0;
  private rest: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private host: AnyModel,
    private apply: (payload: P, delta: D) => P | null,
    private parts: Parts<P> = AT_ONCE
  ) {
    super();
    host.on('change:snapshot', this.onSnapshot);
    host.on('change:status', this.onStatus);
    host.on('msg:custom', this.onMessage);
    this.onStatus();
    this.onSnapshot();
    if (this.get().payload === null) this.rest = setTimeout(this.askAtAll, REST_MS);
  }

  request<T>(method: string, args: Record<string, string> = {}): Promise<T> {
    const id = String(++this.count);
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.pending.delete(id);
        reject(new Error('The kernel did not answer. It may be busy or gone.'));
      }, ANSWER_MS);
      this.pending.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
      this.host.send({ id, method, args });
    });
  }

  override dispose(): void {
    clearTimeout(this.rest);
    this.host.off('change:snapshot', this.onSnapshot);
    this.host.off('change:status', this.onStatus);
    this.host.off('msg:custom', this.onMessage);
    for (const { timer, reject } of this.pending.values()) {
      clearTimeout(timer);
      reject(new Error('The view was closed.'));
    }
    this.pending.clear();
    super.dispose();
  }

  private onStatus = (): void => this.set({ status: this.host.get('status') });

  private onSnapshot = (): void => {
    const snapshot: object = this.host.get('snapshot');
    // Empty until the kernel has looked for the first time.
    if (!Object.keys(snapshot).length) return;
    this.take(() => decode<P>(snapshot));
    clearTimeout(this.rest);
    this.rest = setTimeout(this.askForRest, REST_MS, this.get().payload);
  };

  private askForRest = (before: P | null): void => {
    const { payload } = this.get();
    if (payload === null || this.parts.isWhole(payload)) return;
    if (payload === before) void this.catchUp();
    else this.rest = setTimeout(this.askForRest, REST_MS, payload); // it is on its way
  };

  /** Nothing has come, though a first look takes no second: the page may have been too slow to hear it. */
  private askAtAll = (): void => {
    if (this.get().status.word !== 'starting') return;
    hearAgain(this.host).catch((error: Error) => console.warn('hanalife:', error.message));
  };

  private onMessage = (message: Message<D>): void => {
    if ('delta' in message) this.onDelta(message.delta);
    else if ('older' in message) this.onOlder(message.older);
    else if ('detail' in message) this.set({ detail: message.detail });
    else this.onReply(message);
  };

  private onDelta(delta: D): void {
    const { payload } = this.get();
    const next = payload && this.apply(payload, delta);
    if (next) this.set({ payload: next });
    else void this.catchUp();
  }

  private onOlder(page: RunsPage): void {
    const { payload } = this.get();
    if (payload && !this.parts.isWhole(payload)) this.set({ payload: this.parts.withOlder(payload, page) });
  }

  /** A delta was missed: ask for everything. */
  private async catchUp(): Promise<void> {
    try {
      const payload = await this.request<P>('snapshot');
      this.take(() => decode<P>(payload));
    } catch (error) {
      console.warn('hanalife:', (error as Error).message); // without a kernel what was saved stays
    }
  }

  private onReply(reply: { id: string; ok: unknown } | { id: string; error: ErrorInfo }): void {
    const pending = this.pending.get(reply.id);
    if (!pending) return;
    this.pending.delete(reply.id);
    clearTimeout(pending.timer);
    if ('error' in reply) pending.reject(new RequestError(reply.error));
    else pending.resolve(reply.ok);
  }

  private take(read: () => P): void {
    try {
      this.set({ payload: read() });
    } catch (error) {
      this.set({ status: { word: 'lost', text: (error as Error).message } });
    }
  }
}
