import type { AnyModel } from '@anywidget/types';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { applyExperiments, hasAllRuns, withOlder } from '../src/contract/decode';
import type { ExperimentsDelta, ExperimentsPayload, RunRow } from '../src/contract/types.gen';
import { CellSource } from '../src/rpc/cell';
import { HttpAnswerer, HttpRunSource, HttpSource } from '../src/rpc/http';
import { control } from '../src/rpc/source';
import experimentsJson from './golden/experiments.json';
import experimentsDeltaJson from './golden/experiments_delta.json';

/** The kernel's side of a widget, as the notebook gives it to a module. */
class Host {
  traits: Record<string, unknown> = { snapshot: {}, status: { word: 'starting', text: '' } };
  sent: { id: string; method: string; args: Record<string, string> }[] = [];
  private listeners: Record<string, (message?: unknown) => void> = {};

  get = (name: string) => this.traits[name];
  on = (event: string, listener: (message?: unknown) => void) => void (this.listeners[event] = listener);
  off = (event: string) => void delete this.listeners[event];
  send = (message: Host['sent'][number]) => void this.sent.push(message);

  set(name: string, value: unknown) {
    this.traits[name] = value;
    this.listeners[`change:${name}`]?.();
  }

  push(message: unknown) {
    this.listeners['msg:custom']?.(message);
  }

  get listening() {
    return Object.keys(this.listeners).length;
  }
}

function cell() {
  const host = new Host();
  const source = new CellSource<ExperimentsPayload, ExperimentsDelta>(host as unknown as AnyModel, applyExperiments);
  return { host, source };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('a cell waits for the first look, then follows the deltas', () => {
  const { host, source } = cell();
  expect(source.get()).toEqual({ payload: null, status: { word: 'starting', text: '' }, detail: null });
  host.set('snapshot', experimentsJson);
  host.set('status', { word: 'live', text: '' });
  expect(source.get().status.word).toBe('live');
  host.push({ delta: experimentsDeltaJson });
  expect(source.get().payload!.runs.map(run => run.run_id)).toEqual(['b', 'c']);
});

test('the runs that a snapshot has no room for come after it, then the deltas', () => {
  const host = new Host();
  const parts = { isWhole: hasAllRuns, withOlder };
  const source = new CellSource<ExperimentsPayload, ExperimentsDelta>(host as unknown as AnyModel, applyExperiments, parts);
  const runs = experimentsJson.runs as unknown as RunRow[];
  host.set('snapshot', { ...experimentsJson, total: runs.length, runs: runs.slice(-1) });
  host.push({ older: { contract: experimentsJson.contract, runs: runs.slice(0, -1) } });
  expect(source.get().payload!.runs).toEqual(runs);
  host.push({ older: { contract: experimentsJson.contract, runs: runs.slice(0, -1) } }); // nothing is missing
  expect(source.get().payload!.runs).toEqual(runs);
  host.push({ delta: experimentsDeltaJson });
  expect(source.get().payload!.runs.map(run => run.run_id)).toEqual(['b', 'c']);
});

test('a cell that has heard nothing takes the messages of its widget itself, and asks for the state', async () => {
  const { host, source } = cell();
  const handled: unknown[] = [];
  class Plain {
    _handle_comm_msg(message: unknown) {
      handled.push([this, message]);
      return Promise.resolve();
    }
  }
  class Held extends Plain {
    comm = { handler: (_message: unknown) => Promise.resolve(), on_msg: (handler: never) => void (model.comm.handler = handler), send: vi.fn() };
    override _handle_comm_msg(): Promise<void> {
      return Promise.reject(new Error('not ready'));
    }
  }
  const model = new Held();
  host.traits['own_id'] = 'a';
  Object.assign(host, { widget_manager: { get_model: async (id: string) => id === 'a' && model } });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(model.comm.send.mock.calls).toEqual([[{ method: 'request_state' }]]);
  await model.comm.handler('news');
  expect(handled).toEqual([[model, 'news']]);
  source.dispose();
});

test('a cell that has heard something, or is closed, leaves its widget alone', async () => {
  for (const end of [(host: Host) => host.set('snapshot', experimentsJson), (_host: Host, source: { dispose(): void }) => source.dispose()]) {
    const { host, source } = cell();
    const get_model = vi.fn();
    Object.assign(host, { widget_manager: { get_model } });
    end(host, source);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(get_model).not.toHaveBeenCalled();
  }
});

test('after a missed delta a cell asks for everything', async () => {
  const { host, source } = cell();
  host.set('snapshot', experimentsJson);
  host.push({ delta: { ...experimentsDeltaJson, seq: 5 } });
  expect(host.sent).toEqual([{ id: '1', method: 'snapshot', args: {} }]);
  host.push({ id: '1', ok: { ...experimentsJson, seq: 5 } });
  await vi.waitFor(() => expect(source.get().payload!.seq).toBe(5));
});

test('answers find their questions in any order, and errors say why', async () => {
  const { host, source } = cell();
  const first = source.request('run', { run_id: 'a' });
  const second = source.request('run', { run_id: 'b' });
  host.push({ id: '2', ok: 'B' });
  host.push({ id: '1', error: { code: 'run_not_found', message: 'There is no run.', hint: 'Look again.' } });
  expect(await second).toBe('B');
  await expect(first).rejects.toThrow('There is no run. Look again.');
});

test('a kernel that does not answer is told of', async () => {
  const { source } = cell();
  const answer = expect(source.request('run')).rejects.toThrow('did not answer');
  await vi.advanceTimersByTimeAsync(60_000);
  await answer;
});

test('another version of the contract shows as lost, not as an exception', () => {
  const { host, source } = cell();
  host.set('snapshot', { ...experimentsJson, contract: 1 });
  expect(source.get().status.word).toBe('lost');
  expect(source.get().status.text).toContain('Restart the kernel');
});

test('a closed cell listens no more', async () => {
  const { host, source } = cell();
  const answer = expect(source.request('run')).rejects.toThrow('closed');
  source.dispose();
  expect(host.listening).toBe(0);
  await answer;
});

test('listeners are told once for many changes', async () => {
  const { host, source } = cell();
  const listener = vi.fn();
  await vi.advanceTimersByTimeAsync(50); // the first state
  source.subscribe(listener);
  host.set('snapshot', experimentsJson);
  host.push({ delta: experimentsDeltaJson });
  await vi.advanceTimersByTimeAsync(50);
  expect(listener).toHaveBeenCalledTimes(1);
});

test('a panel polls, backs off when the server fails, and recovers', async () => {
  let works = true;
  const fetchJson = vi.fn(async () => {
    if (!works) throw new Error('gone');
    return experimentsJson;
  });
  const source = new HttpSource<ExperimentsPayload>(fetchJson, 'experiments');
  await vi.advanceTimersByTimeAsync(2_500);
  expect(fetchJson).toHaveBeenCalledTimes(3);
  expect(source.get().status.word).toBe('live');
  works = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(source.get().status).toEqual({ word: 'lost', text: 'gone' });
  expect(fetchJson.mock.calls.length).toBeLessThan(12);
  works = true;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(source.get().status.word).toBe('live');
  source.dispose();
  const calls = fetchJson.mock.calls.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fetchJson).toHaveBeenCalledTimes(calls);
});

test('a panel asks for one run by its id', async () => {
  const fetchJson = vi.fn(async () => experimentsJson as unknown);
  const source = new HttpSource<ExperimentsPayload>(fetchJson, 'experiments');
  await source.request('run', { run_id: 'a/b' });
  expect(fetchJson).toHaveBeenLastCalledWith('runs/a%2Fb');
  await expect(source.request('cancel')).rejects.toThrow('no cancel');
  source.dispose();
});

test('a panel makes a change by the name of a control', async () => {
  const fetchJson = vi.fn(async (_path: string, body?: object) => (body ? { ok: 7 } : experimentsJson));
  const answerer = new HttpAnswerer(fetchJson);
  expect(await control(answerer, 'task.pause', { task_id: 'a' })).toBe(7);
  expect(fetchJson).toHaveBeenLastCalledWith('controls/task.pause', { task_id: 'a' });
});

test('a panel is given the runs once, then only what changed', async () => {
  const payload = { ...experimentsJson, seq: 0 };
  const update = { contract: 2, epoch: 'e', payload: null as unknown, deltas: [] as unknown[] };
  const asked: string[] = [];
  const fetchJson = async (path: string) => {
    asked.push(path);
    return asked.length === 1 ? { ...update, payload } : asked.length === 3 ? { ...update, deltas: [{ ...experimentsDeltaJson, seq: 1 }] } : update;
  };
  const source = new HttpRunSource(fetchJson, 1_000);
  const told = vi.fn();
  source.subscribe(told);
  await vi.advanceTimersByTimeAsync(100);
  expect(source.get().payload!.runs.length).toBe(payload.runs.length);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toHaveBeenCalledTimes(1); // nothing changed
  await vi.advanceTimersByTimeAsync(1_000);
  expect(source.get().payload!.runs.map(run => run.run_id)).toEqual(['b', 'c']);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual(['runs_since/-/0', 'runs_since/e/0', 'runs_since/e/0', 'runs_since/e/1']);
  source.dispose();
});

test('a panel is given the newest runs, and older ones when it asks for them', async () => {
  const [first] = experimentsJson.runs as unknown as RunRow[];
  const made = (run_id: string, minute: number): RunRow => ({ ...first!, run_id, created_at: `2026-03-02T08:0${minute}:00.000000Z` });
  const [a, b, c, d] = [made('a', 1), made('b', 2), made('c', 3), made('d', 4)];
  const delta = { ...experimentsDeltaJson, total: 4, runs: { changed: [{ ...a, owner: 'new' }, d], removed: [] } };
  const answers: Record<string, unknown> = {
    'runs_since/-/0': { contract: 2, epoch: 'e', payload: { ...experimentsJson, seq: 0, total: 3, runs: [c] }, deltas: [] },
    'runs_since/e/0': { contract: 2, epoch: 'e', payload: null, deltas: [{ ...delta, seq: 1 }] },
    'runs_since/e/1': { contract: 2, epoch: 'e', payload: null, deltas: [] },
    'runs_before/c': { contract: 2, runs: [a, b] },
    'runs_before/a': { contract: 2, runs: [] }
  };
  const source = new HttpRunSource(async path => answers[path], 1_000);
  const ids = () => source.get().payload!.runs.map(run => run.run_id);
  await vi.advanceTimersByTimeAsync(1_500);
  expect(ids()).toEqual(['c', 'd']); // what changed of an older one comes with it
  await Promise.all([source.older(), source.older()]);
  expect(ids()).toEqual(['a', 'b', 'c', 'd']);
  expect(hasAllRuns(source.get().payload!)).toBe(true);
  source.dispose();
});

test('a panel that is not seen asks nothing until it is again', async () => {
  const fetchJson = vi.fn(async () => experimentsJson as unknown);
  const source = new HttpSource<ExperimentsPayload>(fetchJson, 'experiments');
  await vi.advanceTimersByTimeAsync(100);
  source.pause();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fetchJson).toHaveBeenCalledTimes(1);
  source.again();
  await vi.advanceTimersByTimeAsync(2_500);
  expect(fetchJson).toHaveBeenCalledTimes(4);
  source.dispose();
});
