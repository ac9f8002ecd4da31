/** The transport of a panel: ask the Jupyter server again and again, seldom when it fails. */
import { applyExperiments, decode, held, withOlder } from '../contract/decode';
import type { ExperimentsPayload, MonitorStatus, RunsPage, RunsUpdate } from '../contract/types.gen';
import { type Answerer, type LongSource, type State, Store } from './source';

/** Asks for a path; with a body it is a change, without it a question. What has not changed may be the same object. */
export type FetchJson = (path: string, body?: object) => Promise<unknown>;

export const POLL_MS = 1_000;
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

const LIVE: MonitorStatus = { word: 'live', text: '' };

/** A page that nobody sees asks nothing. */
function isHidden(): boolean {
  return typeof document !== 'undefined' && document.hidden;
}

function shown(): Promise<void> {
  return new Promise(resolve => document.addEventListener('visibilitychange', () => resolve(), { once: true }));
}

export class HttpSource<P extends { contract: number }> extends Store<P> {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private round = 0;
  private disposed = false;

  constructor(
    protected fetchJson: FetchJson,
    private path: string,
    private pollMs = POLL_MS
  ) {
    super();
    void this.poll();
  }

  /** Asks at once, such as after a change, and again and again from then on. */
  again(): void {
    clearTimeout(this.timer);
    void this.poll();
  }

  /** Asks no more until `again`; an answer under way is dropped. */
  pause(): void {
    clearTimeout(this.timer);
    this.round += 1;
  }

  request<T>(method: string, args: Record<string, string> = {}): Promise<T> {
    return new HttpAnswerer(this.fetchJson).request<T>(method, args);
  }

  override dispose(): void {
    this.disposed = true;
    clearTimeout(this.timer);
    super.dispose();
  }

  protected async look(): Promise<P> {
    return decode<P>(await this.fetchJson(this.path));
  }

  private async poll(): Promise<void> {
    const round = ++this.round;
    if (isHidden()) await shown();
    let answer: Partial<State<P>>;
    try {
      answer = { payload: await this.look(), status: LIVE };
      this.failures = 0;
    } catch (error) {
      answer = { status: { word: 'lost', text: (error as Error).message } };
      this.failures += 1;
    }
    if (this.disposed || round !== this.round) return;
    const { payload, status } = this.get();
    if (answer.payload !== payload || answer.status !== status) this.set(answer);
    this.timer = setTimeout(() => void this.poll(), Math.min(this.pollMs * 2 ** this.failures, SELDOM_MS));
  }
}

/** The list of runs, which may be long: the newest once, then only what changed; older ones when asked for. */
export class HttpRunSource extends HttpSource<ExperimentsPayload> implements LongSource<ExperimentsPayload> {
  private epoch = '-';
  private waiting = false;

  constructor(fetchJson: FetchJson, pollMs?: number) {
    super(fetchJson, '', pollMs);
  }

  async older(): Promise<void> {
    const oldest = this.get().payload?.runs[0];
    if (!oldest || this.waiting) return;
    const { epoch } = this;
    this.waiting = true;
    try {
      const page = decode<RunsPage>(await this.fetchJson(`runs_before/${encodeURIComponent(oldest.run_id)}`));
      const { payload } = this.get();
      // A list that began anew meanwhile does not reach down to these; drawn again, it asks again.
      if (payload) this.set({ payload: epoch === this.epoch ? withOlder(payload, page) : { ...payload } });
    } catch (error) {
      this.set({ status: { word: 'lost', text: (error as Error).message } }); // until the next look
    } finally {
      this.waiting = false;
    }
  }

  protected override async look(): Promise<ExperimentsPayload> {
    const before = this.get().payload;
    const path = `runs_since/${before ? this.epoch : '-'}/${before?.seq ?? 0}`;
    const { epoch, payload, deltas } = decode<RunsUpdate>(await this.fetchJson(path));
    this.epoch = epoch;
    const start = payload ?? this.get().payload; // which may have got older runs meanwhile
    return deltas.reduce((now, delta) => applyExperiments(now, held(now, delta)) ?? now, start!);
  }
}
