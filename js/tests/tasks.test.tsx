import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { decode } from '../src/contract/decode';
import type { SchedulePreview, TaskDetail as Detail, TasksPayload } from '../src/contract/types.gen';
import { type Answerer } from '../src/rpc/source';
import { mount } from '../src/ui/mount';
import { relative } from '../src/ui/relative';
import { totals, weeks } from '../src/views/task/calendar';
import { STATES } from '../src/views/task/filters';
import { find } from '../src/views/task/Graph';
import { join } from '../src/views/task/log';
import { changed, valueOf } from '../src/views/task/parameters';
import { median } from '../src/views/task/Spark';
import { NoWorker } from '../src/views/task/Workers';
import { TaskDetail } from '../src/views/TaskDetail';
import tasksJson from './golden/tasks.json';

const payload = decode<TasksPayload>(tasksJson);
const row = payload.tasks[0]!;
const job = row.last_job!;

function detailOf(patch: Partial<Detail>): Detail {
  return {
    contract: 2,
    task: row,
    rule: '',
    parts: [],
    policy: [{ name: 'Retries', value: 'none' }],
    trigger: [],
    definition: [],
    parameters: [],
    arguments: [{ name: 'rate', json: '0.1' }],
    takes_arguments: true,
    outputs: [],
    jobs: [job],
    ledger: [],
    ledger_days: [],
    log: [],
    log_total: 0,
    ...patch
  };
}

class Asked implements Answerer {
  calls: { method: string; args: Record<string, string> }[] = [];
  answers: Record<string, (args: Record<string, string>) => unknown> = {};
  request = async <T,>(method: string, args: Record<string, string> = {}) => {
    this.calls.push({ method, args });
    const answer = this.answers[method]?.(args);
    if (answer instanceof Error) throw answer;
    return answer as T;
  };
}

let element: HTMLElement;
let unmount: () => void;
let source: Asked;
beforeEach(() => {
  element = document.body.appendChild(document.createElement('div'));
  source = new Asked();
  vi.useFakeTimers({ now: new Date('2026-03-03T12:00:00Z') });
});
afterEach(() => {
  unmount?.();
  element.remove();
  vi.useRealTimers();
});

const settle = () =>
  act(async () => {
    await vi.advanceTimersByTimeAsync(300);
  });
const show = async (detail: Detail, more: { onOpenRun?: (id: string, name: string) => void; onOpenTask?: (id: string) => void } = {}) => {
  await act(() => {
    unmount = mount(element, <TaskDetail source={source} detail={detail} waiting={false} error="" title="t" {...more} />);
  });
  await settle();
};
const button = (name: string) => [...element.querySelectorAll('button')].find(each => each.textContent!.trim() === name)!;
const click = async (name: string) => {
  await act(() => button(name).click());
  await settle();
};
const openTab = async (name: string) => {
  const tab = [...element.querySelectorAll<HTMLElement>('[role=tab]')].find(each => each.textContent!.startsWith(name))!;
  await act(() => tab.click());
  await settle();
  return element.querySelector('[role=tabpanel]')!;
};
const type = async (input: HTMLInputElement, text: string) => {
  await act(() => {
    input.value = text;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await settle();
};

const skipped = { ...job, status: 'SKIPPED' as const, message: '<b>no turn</b>' };
const part = { task_id: 'FIT', kind: 'callable', rule: '', gate: null, job: { ...skipped, verdict: 'no_drift' }, parts: [] };
const composite = detailOf({
  task: { ...row, kind: 'sequential' },
  takes_arguments: false,
  parts: [
    { ...part, task_id: 'INNER', kind: 'parallel', rule: 'ANY', parts: [part] },
    { ...part, task_id: 'NEXT', gate: 'no_drift', job: null }
  ]
});

test('a composite is a graph of its parts, and a part chosen shows its job', async () => {
  const onOpenTask = vi.fn();
  source.answers['task_log'] = () => ({ contract: 2, log: [], older: 0 });
  await show(composite, { onOpenTask });
  const panel = element.querySelector('[role=tabpanel]')!;
  expect([...panel.querySelectorAll('.hl-node b')].map(each => each.textContent)).toEqual(['INNER', 'FIT', 'NEXT']);
  expect(panel.querySelector('.hl-gate')!.textContent).toBe('any');
  expect(panel.textContent).toContain('no turn yet');
  expect(panel.querySelector('.hl-then')!.textContent).toBe('if no drift');
  expect([...panel.querySelectorAll('.hl-node .hl-verdict')].map(each => each.textContent)).toEqual(['no drift', 'no drift']);
  await act(() => panel.querySelectorAll<HTMLElement>('.hl-node')[1]!.click());
  await settle();
  expect(panel.querySelector('.hl-part-job')!.textContent).toContain('<b>no turn</b>');
  expect(source.calls.at(-1)).toEqual({ method: 'task_log', args: { task_id: 'FIT', before: '0', job_id: job.job_id } });
  await click('Go to the task');
  expect(onOpenTask).toHaveBeenCalledWith('FIT');
});

test('arrow keys go from part to part', async () => {
  await show(composite);
  const nodes = element.querySelectorAll<HTMLElement>('.hl-node');
  nodes[0]!.focus();
  await act(() => {
    nodes[0]!.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
  });
  expect(document.activeElement).toBe(nodes[1]);
});

test('a job shows its use and leads to its run; the ledger has words', async () => {
  const onOpenRun = vi.fn();
  const tick = { due: row.created_at, status: 'MISSED' as const, job_id: null, recorded_at: row.created_at };
  await show(detailOf({ ledger: [tick], ledger_days: [{ day: '2026-03-02', counts: { MISSED: 1, RAN: 3 } }] }), { onOpenRun });
  const jobs = await openTab('Jobs');
  expect(jobs.textContent).toContain('1.50 s');
  expect(jobs.textContent).toContain('128.0 MiB');
  await act(() => jobs.querySelector<HTMLButtonElement>('.hl-link')!.click());
  expect(onOpenRun).toHaveBeenCalledWith('a', expect.stringContaining('Run of job'));
  const ledger = await openTab('Ledger');
  expect(ledger.textContent).toContain('no worker was running');
  expect(ledger.querySelector('[aria-label="Mon 2026-03-02: 4 due times, 3 ran, 1 missed"]')).not.toBeNull();
  expect((await openTab('Definition')).textContent).toContain('Retries');
});

test('what can be done fits the state of the task', async () => {
  const names = () => [...element.querySelectorAll('.hl-taskbar button')].map(each => each.textContent);
  await show(detailOf({}));
  expect(names()).toEqual(['Run now', 'Run with …', 'Cancel job', 'Pause', 'Change schedule …', 'Remove schedule']);
  unmount();
  await show(detailOf({ task: { ...row, enabled: false }, jobs: [{ ...job, status: 'FAILED' }] }));
  expect(names()).toEqual(['Run now', 'Run with …', 'Resume', 'Change schedule …', 'Remove schedule']);
  unmount();
  await show(detailOf({ task: { ...row, cron: null }, jobs: [], takes_arguments: false }));
  expect(names()).toEqual(['Run now', 'Schedule …']);
});

test('a job is run with the parameters that were changed, and only these', async () => {
  source.answers['control'] = () => ({ job_id: '8' });
  await show(detailOf({ arguments: [{ name: 'rate', json: '0.1' }, { name: 'func', json: '"HGBT"' }] }));
  await click('Run with …');
  const [, func] = element.querySelectorAll<HTMLInputElement>('.hl-entry input');
  await type(func!, 'Random trees');
  await act(() => {
    func!.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  });
  await settle();
  const args = { control: 'task.run', task_id: 'WEEKLY', parameters: '{"func":"Random trees"}' };
  expect(source.calls).toEqual([{ method: 'control', args }]);
  expect(element.querySelector('.hl-taskbar [role=status]')!.textContent).toBe('Job 8 is queued.');
});

const good: SchedulePreview = {
  contract: 2,
  words: 'every day at 08:00:00 UTC',
  due: [{ at: '2026-03-02T08:00:00.000000Z', local: 'Mon 2026-03-02 08:00:00' }] as SchedulePreview['due'],
  problem: null
};

test('a schedule being written shows its next due times, or where it is wrong, and only a right one is saved', async () => {
  const problem = { argument: 'cron' as const, message: "field HOUR has '<25>'", start: 10, end: 12 };
  source.answers['schedule_preview'] = args => (args['cron']!.includes('25') ? { ...good, due: [], problem } : good);
  await show(detailOf({}));
  await click('Change schedule …');
  expect(element.querySelector('.hl-preview')!.textContent).toContain('Mon 2026-03-02 08:00:00');
  const cron = element.querySelector<HTMLInputElement>('.hl-code')!;
  await type(cron, '* * * mon 25 0 0');
  expect(element.querySelector('.hl-caret')!.textContent).toBe(' '.repeat(10) + '^^');
  expect(element.querySelector('.hl-wrong')!.textContent).toContain("'<25>'");
  expect(button('Change schedule').disabled).toBe(true);
  await type(cron, '* * * * 8 0 0');
  expect(element.querySelector('.hl-wrong')).toBeNull();
  await click('Change schedule');
  const args = { control: 'schedule.alter', task_id: 'WEEKLY', cron: '* * * * 8 0 0', timezone: 'UTC' };
  expect(source.calls.at(-1)).toEqual({ method: 'control', args });
  expect(element.querySelector('.hl-form')).toBeNull();
});

test('a log goes back page by page, and a long message is read in stretches', async () => {
  const line = { job_id: null, event_key: 'OUT', event_time: row.created_at, length: 4 };
  const last = { ...line, entry_id: '2', message: 'last', length: 10_000_000 };
  source.answers['task_log'] = () => ({ contract: 2, log: [{ ...line, entry_id: '1', message: '<i>1' }], older: 0 });
  source.answers['log_message'] = ({ offset }) => ({ contract: 2, text: `at ${offset}`, offset: Number(offset), length: 10_000_000 });
  await show(detailOf({ log: [last], log_total: 2 }));
  const log = await openTab('Log');
  await click('Older lines');
  expect(source.calls.at(-1)).toEqual({ method: 'task_log', args: { task_id: 'WEEKLY', before: '2', job_id: '0' } });
  expect([...log.querySelectorAll('tbody td:last-child')].map(each => each.firstChild!.textContent)).toEqual(['<i>1', 'last']);
  expect(button('Older lines')).toBeUndefined();
  await click('Open all 10,000,000 characters');
  expect(log.querySelector('.hl-message-text')!.textContent).toBe('at 0');
  await click('Later');
  expect(log.querySelector('.hl-message-text')!.textContent).toBe('at 4');
});

test('without a worker a button starts one', async () => {
  await act(() => {
    unmount = mount(element, <NoWorker source={source} payload={{ ...payload, workers: [] }} />);
  });
  expect(element.querySelector('[role=alert]')!.textContent).toContain('No worker is running');
  await click('Start a worker');
  expect(source.calls).toEqual([{ method: 'control', args: { control: 'worker.start' } }]);
});

test('lines that were missed are never passed over', () => {
  const line = (entry_id: string) => ({ entry_id, job_id: null, event_key: 'OUT', event_time: row.created_at, message: '', length: 0 });
  const ids = (known: { lines: { entry_id: string }[] }) => known.lines.map(each => each.entry_id).join('');
  const known = { lines: [line('1'), line('2'), line('3')], older: 0 };
  expect(ids(join(known, { lines: [line('2'), line('3'), line('4')], older: 1 }))).toBe('1234');
  expect(join(known, { lines: [line('7'), line('8')], older: 6 })).toEqual({ lines: [line('7'), line('8')], older: 6 });
  expect(ids(join(known, { lines: [], older: 0 }))).toBe('');
});

test('days stand in their weeks; a day is shown as the worst that happened on it', () => {
  const days = [
    { day: '2026-02-25', counts: { RAN: 2, LATE: 1 } },
    { day: '2026-03-01', counts: { RAN: 24, MISSED: 1 } }
  ];
  const laid = weeks(days, '2026-03-03', 2); // a Tuesday
  expect(laid.map(week => week.days.map(day => day?.day.slice(5) ?? '-').join(' '))).toEqual([
    '02-23 02-24 02-25 02-26 02-27 02-28 03-01',
    '03-02 03-03 - - - - -'
  ]);
  expect(laid.map(week => week.month)).toEqual(['Mar', '']);
  expect(laid[0]!.days.map(day => day!.word)).toEqual([null, null, 'LATE', null, null, null, 'MISSED']);
  expect(totals(days)).toEqual({ RAN: 26, LATE: 1, MISSED: 1 });
});

test('moments are told from now', () => {
  const now = Date.parse('2026-03-02T08:00:00Z');
  const told = (instant: string) => relative(instant, now);
  expect(told('2026-03-02T08:00:00.200Z')).toBe('now');
  expect(told('2026-03-02T08:00:42Z')).toBe('in 42 s');
  expect(told('2026-03-02T10:10:59Z')).toBe('in 2 h 10 min');
  expect(told('2026-03-02T07:46:30Z')).toBe('13 min ago');
  expect(told('2026-03-04T12:00:00Z')).toBe('in 2 d 4 h');
  expect(told('2026-01-01T12:00:00Z')).toBe('59 d ago');
  expect(relative(null, now)).toBe('');
});

test('parameters are JSON or text', () => {
  expect(['0.5', '"10"', 'Random trees', '[1, 2]', 'nul'].map(valueOf)).toEqual([0.5, '10', 'Random trees', [1, 2], 'nul']);
  const entry = (name: string, text: string, own: string | null) => ({ name, text, own });
  expect(changed([entry('a', '1', '1'), entry('b', '2', '1'), entry(' c ', 'x', null), entry('', 'y', null), entry('d', '', '1')])).toEqual({
    b: 2,
    c: 'x'
  });
});

test('bars, parts and states', () => {
  const bars = [3, 1, 2].map(seconds => ({ status: 'SUCCEEDED' as const, seconds }));
  expect([median([]), median(bars), median(bars.slice(0, 2))]).toEqual([null, 2, 2]);
  expect([find(composite.parts, '0/0')?.task_id, find(composite.parts, '1')?.task_id, find(composite.parts, ''), find(composite.parts, '9')]).toEqual(
    ['FIT', 'NEXT', null, null]
  );
  const kept = (name: string) => STATES[name]!({ ...row, last_job: { ...job, status: 'TIMED_OUT' } });
  expect(Object.keys(STATES).filter(kept)).toEqual(['All tasks', 'Last one failed', 'Scheduled']);
});
