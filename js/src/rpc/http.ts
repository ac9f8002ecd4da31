/** The transport of a panel: ask the Jupyter server again and again, seldom when it fails. */
import { decode } from '../contract/decode';
import { type Answerer, Store } from './source';

/** Asks for a path; with a body it is a change, without it a question. */
export type FetchJson = (path: string, body?: Record<string, string>) => Promise<unknown>;

const POLL_MS = 1_000;
const SELDOM_MS = 30_000;

/** A name as a part of a path. */
function part(args: Record<string, string>, name: string): string {
  return encodeURIComponent(args[name] ?? '');
}

const PATHS: Record<string, (args: Record<string, string>) => string> = {
  search: args => `searches/${encodeURIComponent(args['text'] ?? '')}`,
  run: args => `runs/${encodeURIComponent(args['run_id'] ?? '')}`,
  log_before: args => `runs/${part(args, 'run_id')}/log/${part(args, 'seq')}`,
  message: args => `runs/${part(args, 'run_id')}/messages/${part(args, 'seq')}/${part(args, 'start')}`,
  artifact: args => `runs/${part(args, 'run_id')}/artifacts/${part(args, 'name')}/${part(args, 'part')}`,
  task: args => `tasks/${encodeURIComponent(args['task_id'] ?? '')}`
};

/** Answers questions about one thing at a time. */
export class HttpAnswerer implements Answerer {
  constructor(private fetchJson: FetchJson) {}

  async request<T>(method: string, args: Record<string, string> = {}): Promise<T> {
    if (method === 'control') return this.change<T>(args);
    const path = PATHS[method];
    if (!path) throw new Error(`The server has no ${method}; use the monitor in a notebook cell.`);
    return decode(await this.fetchJson(path(args))) as T;
  }

  private async change<T>({ control = '', ...args }: Record<string, string>): Promise<T> {
    const answer = (await this.fetchJson(`controls/${encodeURIComponent(control)}`, args)) as { ok: T };
    return answer.ok;
  }
}

export class HttpSource<P extends { contract: number }> extends Store<P> {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private disposed = false;

  constructor(
    private fetchJson: FetchJson,
    private path: string
  ) {
    super();
    void this.poll();
  }

  request<T>(method: string, args: Record<string, string> = {}): Promise<T> {
    return new HttpAnswerer(this.fetchJson).request<T>(method, args);
  }

  override dispose(): void {
    this.disposed = true;
    clearTimeout(this.timer);
    super.dispose();
  }

  private async poll(): Promise<void> {
    try {
      const payload = decode<P>(await this.fetchJson(this.path));
      this.failures = 0;
      this.set({ payload, status: { word: 'live', text: '' } });
    } catch (error) {
      this.failures += 1;
      this.set({ status: { word: 'lost', text: (error as Error).message } });
    }
    if (!this.disposed) {
      this.timer = setTimeout(() => void this.poll(), Math.min(POLL_MS * 2 ** this.failures, SELDOM_MS));
    }
  }
}
