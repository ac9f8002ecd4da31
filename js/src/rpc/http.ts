/** The transport of a panel: ask the Jupyter server again and again, seldom when it fails. */
import { decode } from '../contract/decode';
import { type Answerer, Store } from './source';

/** Asks for a path; with a body it is a change, without it a question. */
export type FetchJson = (path: string, body?: Record<string, string>) => Promise<unknown>;

const POLL_MS = 1_000;
const SELDOM_MS = 30_000;

const PATHS: Record<string, (args: Record<string, string>) => string> = {
  search: args => `searches/${encodeURIComponent(args['text'] ?? '')}`,
  run: args => `runs/${encodeURIComponent(args['run_id'] ?? '')}`,
  task: args => `tasks/${encodeURIComponent(args['task_id'] ?? '')}`,
  model: args => `models/${encodeURIComponent(args['name'] ?? '')}`,
  model_comparison: args => ['model_comparisons', args['name'] ?? '', args['versions'] ?? ''].map(encodeURIComponent).join('/'),
  drift_series: args => `drift/${encodeURIComponent(args['check_id'] ?? '')}`,
  drift_check: args => `drift_checks/${encodeURIComponent(args['check_id'] ?? '')}`,
  ...aboutATask('task_log', 'before', 'job_id'),
  ...aboutATask('log_message', 'entry_id', 'offset'),
  ...aboutATask('schedule_preview', 'cron', 'timezone'),
  ...aboutATask('output_table', 'table')
};

/** The path of a question about a task: its name, the task, and its arguments in their order. */
function aboutATask(method: string, ...names: string[]): typeof PATHS {
  const all = ['task_id', ...names];
  return { [method]: args => [method, ...all.map(name => encodeURIComponent(args[name] ?? ''))].join('/') };
}

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
