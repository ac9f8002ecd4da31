import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { decode } from '../src/contract/decode';
import type { ExperimentsPayload, RunDetail as Detail, RunRow } from '../src/contract/types.gen';
import { Store } from '../src/rpc/source';
import { mount } from '../src/ui/mount';
import { ExperimentView, type Selection } from '../src/views/ExperimentView';
import { defaultMetrics, metricNames } from '../src/views/metrics';
import { RunDetail } from '../src/views/RunDetail';
import experimentsJson from './golden/experiments.json';
import runDetailJson from './golden/run_detail.json';

const payload = decode<ExperimentsPayload>(experimentsJson);
const detail = decode<Detail>(runDetailJson);

class FixedSource extends Store<ExperimentsPayload> {
  asked: string[] = [];
  request = async <T,>(_method: string, args: Record<string, string> = {}) => {
    this.asked.push(args['run_id']!);
    return detail as T;
  };
  show(shown: ExperimentsPayload) {
    this.set({ payload: shown, status: { word: 'live', text: '' } });
  }
}

let element: HTMLElement;
let unmount = () => {};

beforeEach(() => {
  element = document.body.appendChild(document.createElement('div'));
});

afterEach(() => {
  unmount();
  element.remove();
});

function show(source: FixedSource, selection: Partial<Selection> = {}, onSelect = vi.fn()) {
  const whole = { experiment_id: '', run_id: '', ticked: [], ...selection };
  unmount = mount(
    element,
    <ExperimentView source={source} selection={whole} onSelect={onSelect} onCancel={() => {}} />
  );
  return onSelect;
}

function manyRuns(count: number): RunRow[] {
  return [...Array(count).keys()].map(i => ({ ...payload.runs[0]!, run_id: `r${i}`, name: `run ${i}` }));
}

const drawn = (label: string) => element.querySelectorAll(`[aria-label="${label}"] .hl-body [role=row]`);

test('of ten thousand runs only those in sight are drawn', async () => {
  const source = new FixedSource();
  show(source);
  source.show({ ...payload, runs: manyRuns(10_000) });
  await vi.waitFor(() => expect(drawn('Runs').length).toBeGreaterThan(5));
  expect(drawn('Runs').length).toBeLessThan(40);
  expect(element.querySelector('[aria-label="Runs"]')!.getAttribute('aria-rowcount')).toBe('10001');
});

test('a state that comes between the first drawing and the effect is not lost', async () => {
  const source = new FixedSource();
  show(source);
  source.show(payload);
  await vi.waitFor(() => expect(drawn('Runs')).toHaveLength(2));
});

test('the details of the selected run are asked for, and again when it changes', async () => {
  const source = new FixedSource();
  source.show(payload);
  show(source, { run_id: 'a' });
  await vi.waitFor(() => expect(element.querySelector('[role=tabpanel]')!.textContent).toContain('Pima'));
  const [first, ...others] = payload.runs;
  source.show({ ...payload, runs: [{ ...first!, revision: 9 }, ...others] });
  await vi.waitFor(() => expect(source.asked).toEqual(['a', 'a']));
});

test('arrow keys and space move and tick', async () => {
  const source = new FixedSource();
  source.show({ ...payload, runs: manyRuns(3) });
  const onSelect = show(source, { run_id: 'r1' });
  const body = element.querySelector('[aria-label="Runs"] .hl-body')!;
  const press = (key: string) => body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  press('ArrowDown');
  expect(onSelect).toHaveBeenLastCalledWith({ experiment_id: '', run_id: 'r2', ticked: [] });
  press(' ');
  expect(onSelect).toHaveBeenLastCalledWith({ experiment_id: '', run_id: 'r1', ticked: ['r1'] });
});

test('text of the store is text', () => {
  const hostile = { ...detail, parameters: [{ name: '<b>x</b>', value: '<img src=x onerror=alert(1)>' }] };
  unmount = mount(element, <RunDetail detail={hostile} waiting={false} error="" title="<i>t</i>" charts={false} />);
  expect(element.querySelector('img, b, i i')).toBeNull();
});

test('well-known metrics come first and texts are not shown at first', () => {
  const run = { ...payload.runs[0]!, metrics: { ZETA: 1, TEST_AUC: '0.8, 0.9', ACCURACY: 0.5, AUC: 0.9 } };
  expect(metricNames([run])).toEqual(['AUC', 'ACCURACY', 'TEST_AUC', 'ZETA']);
  expect(defaultMetrics([run])).toEqual(['AUC', 'ACCURACY', 'ZETA']);
});
