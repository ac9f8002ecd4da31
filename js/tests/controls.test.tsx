// @vitest-environment happy-dom
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Answerer } from '../src/rpc/source';
import { ControlButton } from '../src/ui/controls/ControlButton';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
});

interface Call {
  args: Record<string, string>;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

function answerer(): Answerer & { calls: Call[] } {
  const calls: Call[] = [];
  const request = <T,>(_method: string, args: Record<string, string> = {}) =>
    new Promise<T>((resolve, reject) => calls.push({ args, resolve: resolve as Call['resolve'], reject }));
  return { calls, request };
}

const draw = (view: Parameters<typeof render>[0]) => act(() => render(view, root));
const button = (name: string) => [...root.querySelectorAll('button')].find(each => each.textContent === name)!;
const click = (name: string) => act(() => button(name).click());

test('runs its control once, and shows that it is under way', async () => {
  const source = answerer();
  const onDone = vi.fn();
  await draw(<ControlButton source={source} name="task.pause" args={{ task_id: '<b>' }} onDone={onDone}>Pause</ControlButton>);
  await click('Pause');
  expect(button('Pause').getAttribute('aria-busy')).toBe('true');
  await click('Pause');
  expect(source.calls.map(call => call.args)).toEqual([{ control: 'task.pause', task_id: '<b>' }]);
  await act(async () => source.calls[0]!.resolve('done'));
  expect(onDone).toHaveBeenCalledWith('done');
  expect(button('Pause').getAttribute('aria-busy')).toBe('false');
});

test('says as text what went wrong, until the next attempt or until dismissed', async () => {
  const source = answerer();
  await draw(<ControlButton source={source} name="task.pause">Pause</ControlButton>);
  await click('Pause');
  await act(async () => source.calls[0]!.reject(new Error('there is no task <i>x</i>')));
  expect(root.querySelector('[role=alert]')?.textContent).toContain('there is no task <i>x</i>');
  expect(root.querySelector('[role=alert] i')).toBeNull();
  await click('✕');
  expect(root.querySelector('[role=alert]')).toBeNull();
});

test('asks before a grave change; Escape and No leave everything as it is', async () => {
  const source = answerer();
  const confirm = { question: 'Remove it?', yes: 'Remove' };
  await draw(<ControlButton source={source} name="schedule.remove" confirm={confirm}>Remove schedule</ControlButton>);
  await click('Remove schedule');
  expect(document.activeElement).toBe(button('No'));
  await act(() => {
    button('No').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
  });
  expect(root.querySelector('[role=alertdialog]')).toBeNull();
  expect(document.activeElement).toBe(button('Remove schedule'));
  await click('Remove schedule');
  await click('No');
  expect(source.calls).toEqual([]);
  await click('Remove schedule');
  await click('Remove');
  expect(source.calls[0]!.args['control']).toBe('schedule.remove');
});
