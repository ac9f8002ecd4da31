// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { compareRuns, listAlerts, loadModel, openMonitor, text, withConnection } from '../src/lab/code';
import { Connections } from '../src/lab/connections';
import type { Memory } from '../src/lab/memory';
import { Pulse } from '../src/lab/pulse';
import { Value } from '../src/lab/state';
import type { FetchJson } from '../src/rpc/http';
import { RequestError } from '../src/rpc/source';

const HOSTILE = `"""'); import os; os.remove("x") #\n\\`;

function memory(): Memory {
  const kept = new Map<string, string>();
  return { get: key => kept.get(key) ?? '', set: (key, value) => void kept.set(key, value) };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('a text of the store is one literal on one line', () => {
  for (const value of [HOSTILE, '', '\u2028\u0000\ud800', 'größer 😀']) {
    const literal = text(value);
    expect(literal).not.toContain('\n');
    expect(literal.slice(1, -1).replace(/\\./g, '')).not.toContain('"');
    expect(JSON.parse(literal)).toBe(value);
  }
});

test('code says what the notebook would', () => {
  expect(loadModel('DIABETES', { alias: 'champion' })).toContain('ModelStorage(conn).load_model("DIABETES", alias="champion")');
  expect(loadModel(HOSTILE, { version: 3 })).toContain(`load_model(${JSON.stringify(HOSTILE)}, version=3)`);
  expect(compareRuns(['a', 'b'])).toContain('compare_runs(conn, "a", "b")');
  expect(compareRuns(['a', 'b', 'c'])).toContain('for other in ["b", "c"]:');
  expect(openMonitor('ExperimentMonitor')).toContain('ExperimentMonitor(conn)');
  expect(openMonitor('ScheduledTaskMonitor', [HOSTILE])).toContain(`(conn, [${JSON.stringify(HOSTILE)}])`);
});

test('a notebook connects once to each database', () => {
  const connecting = "from hanalife import ConnectionContext\n\nconn = ConnectionContext('sqlite:///a.db')\n";
  const other = connecting.replace('a.db', 'b.db');
  const first = withConnection(connecting, openMonitor('ExperimentMonitor'), []);
  expect(first.split('\n')).toEqual([
    'from hanalife import ConnectionContext',
    'from hanalife import ExperimentMonitor',
    '',
    "conn = ConnectionContext('sqlite:///a.db')",
    'monitor = ExperimentMonitor(conn)',
    'monitor.start()'
  ]);
  expect(withConnection(connecting, listAlerts(), [first])).toBe('conn.drift.alerts().collect()');
  expect(withConnection(other, listAlerts(), [first])).toContain('b.db');
  expect(withConnection(connecting, '', [])).toBe(connecting.trimEnd());
  expect(withConnection(connecting, listAlerts(), [])).toMatch(/a\.db'\)\nconn\.drift\.alerts\(\)\.collect\(\)$/);
});

const ROW = { name: '', database: 'sqlite:///a.db', problem: '', code: '' };
const answer = (...names: string[]) => ({
  contract: 2,
  connections: ['', ...names].map(name => ({ ...ROW, name })),
  worker_allowed: true
});

test('the settings are told to the server, also when it has started anew', async () => {
  let known: string[] = [];
  const told: unknown[] = [];
  const ask = (name: string): FetchJson => async (path, body) => {
    if (path === 'connections') {
      told.push(body);
      known = (body as { name: string }[]).map(one => one.name);
      return answer(...known);
    }
    if (name && !known.includes(name)) throw new RequestError({ code: 'unknown_connection', message: 'not known', hint: '' });
    return { path, name };
  };
  const connections = new Connections(ask, memory());
  await connections.tell([{ name: 'lab', url: 'postgresql://me@host/db', passwordVariable: 'LAB' }]);
  expect(told).toEqual([[{ name: 'lab', url: 'postgresql://me@host/db', password_variable: 'LAB' }]]);
  known = [];
  expect(await connections.fetcher('lab')('pulse')).toEqual({ path: 'pulse', name: 'lab' });
  expect(told.length).toBe(2);
  await expect(connections.fetcher('nobody')('pulse')).rejects.toThrow('not known');
});

test('what was chosen is chosen again, unless it is gone', async () => {
  const kept = memory();
  const ask = () => async () => answer('lab');
  const first = new Connections(ask, kept);
  await first.tell([]);
  first.choose('lab');
  const second = new Connections(ask, kept);
  await second.tell([]);
  expect(second.get().chosen).toBe('lab');
  const third = new Connections(() => async () => answer(), kept);
  await third.tell([]);
  expect(third.get().chosen).toBe('');
});

test('settings that are refused are a problem to show', async () => {
  const ask = () => async () => {
    throw new Error('two have the same name');
  };
  const connections = new Connections(ask, memory());
  await connections.tell([]);
  expect(connections.get().problem).toBe('two have the same name');
});

test('failures and alerts are new until they were in sight', async () => {
  const found = { contract: 2, running: 1, queued: 0, failed: ['2026-03-02T08:00:00.000000Z'], drifted: [] as string[] };
  const connections = new Connections(() => async () => structuredClone(found), memory());
  const seen = new Value(false);
  const pulse = new Pulse(connections, memory(), seen);
  await vi.advanceTimersByTimeAsync(100);
  expect(pulse.get()).toEqual({ running: 1, queued: 0, failed: 1, drifted: 0 });
  const stop = pulse.attend('failed');
  expect(pulse.get()!.failed).toBe(1); // the panel is hidden
  seen.set(true);
  expect(pulse.get()!.failed).toBe(0);
  found.failed = ['2026-03-02T09:00:00.000000Z', ...found.failed];
  found.drifted = ['2026-03-02T09:00:00.000000Z'];
  await vi.advanceTimersByTimeAsync(4_000);
  expect(pulse.get()).toMatchObject({ failed: 0, drifted: 1 });
  stop();
  found.failed = ['2026-03-02T10:00:00.000000Z', ...found.failed];
  await vi.advanceTimersByTimeAsync(4_000);
  expect(pulse.get()!.failed).toBe(1);
});
