import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { decode } from '../src/contract/decode';
import { CONTRACT, type ExperimentsPayload, type RunDetail as Detail, type RunRow } from '../src/contract/types.gen';
import { Store } from '../src/rpc/source';
import { LineChart } from '../src/ui/charts';
import { mount } from '../src/ui/mount';
import { isSearch } from '../src/ui/search';
import { withSources } from '../src/views/columns';
import { ExperimentView, type Selection } from '../src/views/ExperimentView';
import { summary } from '../src/views/ranking';
import { RunDetail } from '../src/views/RunDetail';
import experimentsJson from './golden/experiments.json';
import runDetailJson from './golden/run_detail.json';

const payload = decode<ExperimentsPayload>(experimentsJson);
const detail = decode<Detail>(runDetailJson);

class FixedSource extends Store<ExperimentsPayload> {
  asked: string[] = [];
  answer: unknown = detail;
  request = async <T,>(_method: string, args: Record<string, string> = {}) => {
    this.asked.push(Object.values(args)[0]!);
    if (this.answer instanceof Error) throw this.answer;
    return this.answer as T;
  };
  push(pushed: { id: string; value: unknown }) {
    this.set({ detail: pushed });
  }
  show(shown: ExperimentsPayload) {
    this.set({ payload: shown, status: { word: 'live', text: '' } });
  }
}

let element: HTMLElement;
let unmount = () => {};

beforeEach(() => {
  localStorage.clear();
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

async function type(text: string) {
  const box = element.querySelector<HTMLInputElement>('input[type=search]')!;
  box.value = text;
  box.dispatchEvent(new Event('input', { bubbles: true }));
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

test('what a cell has no room for is told where one points', async () => {
  const source = new FixedSource();
  show(source);
  source.show({ ...payload, runs: [{ ...manyRuns(1)[0]!, metrics: { test: { AUC: 0.123456789 } } }] });
  await vi.waitFor(() => expect(drawn('Runs')).toHaveLength(1));
  const cell = [...drawn('Runs')[0]!.children].find(each => each.textContent === '0.1235') as HTMLElement;
  cell.dispatchEvent(new Event('pointermove', { bubbles: true }));
  expect(cell.title).toBe('0.123456789');
});

test('a state that comes between the first drawing and the effect is not lost', async () => {
  const source = new FixedSource();
  show(source);
  source.show(payload);
  await vi.waitFor(() => expect(drawn('Runs')).toHaveLength(2));
});

test('the details of the selected run are asked for, and then brought up to date by what comes unasked', async () => {
  const source = new FixedSource();
  source.show(payload);
  show(source, { run_id: 'a' });
  await vi.waitFor(() => expect(element.querySelector('[role=tabpanel]')!.textContent).toContain('Pima'));
  const more = (run_id: string) => ({ id: run_id, value: { ...detail, overview: [{ name: 'Calls', value: `fit of ${run_id}` }] } });
  source.push(more('b'));
  source.push(more('a'));
  await vi.waitFor(() => expect(element.querySelector('[role=tabpanel]')!.textContent).toContain('fit of a'));
  expect(source.asked).toEqual(['a']);
});

test('arrow keys and space move and tick', async () => {
  const source = new FixedSource();
  source.show({ ...payload, runs: manyRuns(3) });
  const onSelect = show(source, { run_id: 'r1' });
  const body = element.querySelector('[role=grid][aria-label="Runs"]')!;
  const press = (key: string) => body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  press('ArrowDown');
  expect(onSelect).toHaveBeenLastCalledWith({ experiment_id: '', run_id: 'r2', ticked: [] });
  press(' ');
  expect(onSelect).toHaveBeenLastCalledWith({ experiment_id: '', run_id: 'r1', ticked: ['r1'] });
});

test('text of the store is text', () => {
  const hostile = { ...detail, parameters: [{ name: '<b>x</b>', value: '<img src=x onerror=alert(1)>' }] };
  unmount = mount(element, <RunDetail source={new FixedSource()} detail={hostile} waiting={false} error="" title="<i>t</i>" charts={false} onOpenRun={() => {}} />);
  expect(element.querySelector('img, .hl-facts b, i i')).toBeNull();
});

/** The more overfitted a run, the better it looks on its training rows; the best one was held back by that. */
function overfitted(): RunRow[] {
  const values = [[0.8, 0.85], [0.84, 0.9], [0.7, 0.99]] as const;
  return values.map(([test, train], i) => ({
    ...payload.runs[0]!,
    run_id: `r${i}`,
    name: `depth ${i}`,
    metrics: { test: { AUC: test, RMSE: i }, train: { AUC: train } }
  }));
}

const heads = () => [...element.querySelectorAll('[aria-label="Runs"] [role=columnheader] > button')].map(each => each.textContent);
const stars = () => [...element.querySelectorAll('[aria-label="Runs"] .hl-best')].map(star => {
  const cell = star.closest('[role=gridcell]')!;
  return [cell.parentElement!.getAttribute('data-key'), heads()[Number(cell.getAttribute('aria-colindex')) - 2], star.getAttribute('title')];
});
const sortBy = async (label: string) => element.querySelector<HTMLElement>(`[title="Sort by ${label}"]`)!.click();

test('one star marks the best held-out value; sorting moves it, selecting does not, filtering names another set', async () => {
  const source = new FixedSource();
  show(source);
  source.show({ ...payload, runs: overfitted() });
  await vi.waitFor(() => expect(stars()).toEqual([['r1', 'AUC test', 'highest AUC (test) of 3 runs']]));
  expect(heads()).toEqual(['Run', 'Status', 'AUC test', 'RMSE test', 'Created (UTC)↓', 'Duration']);
  await sortBy('RMSE test');
  await vi.waitFor(() => expect(stars()).toEqual([['r0', 'RMSE test↑', 'lowest RMSE (test) of 3 runs']]));
  await sortBy('Run');
  await vi.waitFor(() => expect(stars()[0]![1]).toBe('AUC test'));
  unmount();
  show(source, { ticked: ['r0', 'r2'], run_id: 'r0' });
  await vi.waitFor(() => expect(stars()).toEqual([['r1', 'AUC test', 'highest AUC (test) of 3 runs']]));
  await type('depth 2');
  await vi.waitFor(() => expect(drawn('Runs')).toHaveLength(1));
  expect(stars()).toEqual([]);
});

test('training values are labelled, dimmed and never best, also when they are all there is and sorted by', async () => {
  const source = new FixedSource();
  show(source);
  source.show({ ...payload, runs: overfitted().map(run => ({ ...run, metrics: { train: run.metrics['train']! } })) });
  await vi.waitFor(() => expect(heads()).toContain('AUC train'));
  await sortBy('AUC train');
  await vi.waitFor(() => expect(heads()).toContain('AUC train↑'));
  expect(stars()).toEqual([]);
  expect(element.querySelectorAll('[aria-label="Runs"] [role=gridcell].hl-dim')).toHaveLength(3);
});

test('the primary metric is chosen by a command, and a stored one ranks the runs', async () => {
  const source = new FixedSource();
  show(source);
  source.show({ ...payload, runs: overfitted() });
  const chooser = () => element.querySelector<HTMLSelectElement>('.hl-primary-metric select')!;
  await vi.waitFor(() => expect(chooser()).not.toBeNull());
  expect([...chooser().options].map(each => each.textContent)).toEqual(['AUC (test), automatic', 'AUC (test)', 'RMSE (test)']);
  chooser().value = 'RMSE@test';
  chooser().dispatchEvent(new Event('change', { bubbles: true }));
  await vi.waitFor(() => expect(source.asked).toContain('experiment.set_primary_metric'));
  source.show({ ...payload, experiments: [{ ...payload.experiments[0]!, primary_metric: 'RMSE' }], runs: overfitted() });
  await vi.waitFor(() => expect(stars()).toEqual([['r0', 'RMSE test', 'lowest RMSE (test) of 3 runs']]));
  expect(chooser().value).toBe('RMSE@test');
});

test('a view that was saved before metrics had sources shows the source that counts most', () => {
  const known = summary(overfitted()).keys.map(each => each.key);
  expect(withSources(['status', 'metric AUC', 'metric GONE', 'metric AUC@train'], known)).toEqual(['status', 'metric AUC@test', 'metric AUC@train']);
});

test('the title of a run tells its primary metric from each source', () => {
  const title = () => element.querySelector('.hl-headline')!.textContent;
  const draw = (shown: Detail) => {
    unmount();
    unmount = mount(element, <RunDetail source={new FixedSource()} detail={shown} waiting={false} error="" title="" charts={false} onOpenRun={() => {}} />);
  };
  draw(detail);
  expect(title()).toBe('AUC 0.777 (test, 95 % CI 0.737 to 0.807, 614 rows) | 0.861 (cv) | 0.954 (train, 95 % CI 0.914 to 0.984)');
  expect(element.querySelector('.hl-headline .hl-dim')!.textContent).toContain('0.954 (train');
  draw({ ...detail, primary_metric: '', metrics: detail.metrics.filter(row => row.source === 'train') });
  expect(title()).toMatch(/^AUC 0.954 \(train.* no held-out value$/);
});

const openTab = async (name: string) => {
  const tab = [...element.querySelectorAll<HTMLElement>('[role=tab]')].find(each => each.textContent!.startsWith(name))!;
  tab.click();
  const panel = element.querySelector('[role=tabpanel]')!;
  await vi.waitFor(() => expect(document.getElementById(panel.getAttribute('aria-labelledby')!)).toBe(tab));
  return panel;
};

test('the details of a run have intervals, curves, candidates, artifacts and code', async () => {
  const onOpenRun = vi.fn();
  unmount = mount(
    element,
    <RunDetail source={new FixedSource()} detail={detail} waiting={false} error="" title="run" charts={false} onOpenRun={onOpenRun} />
  );
  expect((await openTab('Metrics')).textContent).toContain('AUCtest, 614 rows0.7770.7370 to 0.8070');
  const learning = await openTab('Learning');
  expect(learning.querySelector('[aria-label="LOSS"]')!.querySelectorAll('polyline')).toHaveLength(2);
  expect(learning.textContent).toContain('validation: lowest 0.6 at step 2, last 0.8 at step 3; train: lowest 0.4 at step 3');
  const search = await openTab('Search');
  expect(search.textContent).toContain('Best of 3: 0.23 (mean error_rate, cv, lower is better) with learning_rate 0.1');
  expect(search.querySelectorAll('tbody tr')).toHaveLength(3);
  expect((await openTab('Artifacts')).textContent).toContain('20.0 KiB');
  const code = (await openTab('Environment')).textContent;
  expect(code).toContain('c0ffee');
  expect(code).toContain('changed since the commit');
  expect((await openTab('Signature')).textContent).toContain('CATEGORIES');
  const overview = await openTab('Overview');
  expect(overview.textContent).toContain('trial');
  expect(overview.textContent).toContain('DIABETES, version 2champion');
  overview.querySelector<HTMLButtonElement>('.hl-link')!.click();
  expect(onOpenRun).toHaveBeenCalledWith('b', 'run b');
});

test('a sparse chart is as wide as its values, also of one value and of none', () => {
  for (const points of [[], [[1, 5]], [[1, -2], [2, -2]]] as [number, number][][]) {
    const chart = { title: 't', x_label: 'Step', y_label: 't', series: [{ name: 't', points }] };
    unmount = mount(element, <LineChart curve={chart} />);
    expect(element.innerHTML).not.toContain('NaN');
    expect(element.innerHTML).not.toContain('Infinity');
    unmount();
  }
});

test('what stands on an axis is where it says', () => {
  const points: [number, number][] = [[0, 0.74], [1, 0.81], [2, 0.785]];
  unmount = mount(element, <LineChart curve={{ title: 't', x_label: 'Step', y_label: 't', series: [{ name: 't', points }] }} />);
  const texts = (kind: string) => [...element.querySelectorAll(`.hl-tick-${kind}`)].map(each => each.textContent);
  expect(texts('y')).toEqual(['0.74', '0.76', '0.78', '0.8']);
  expect(texts('x')).toEqual(['0', '1', '2']);
});

test('a search in words is asked for and its runs are shown in its order', async () => {
  const source = new FixedSource();
  source.show(payload);
  source.answer = { contract: CONTRACT, run_ids: ['b', 'a', 'gone'], ordered: true };
  show(source);
  await type('status = \'FINISHED\' order by name');
  await vi.waitFor(() => expect(source.asked).toEqual(["status = 'FINISHED' order by name"]));
  await vi.waitFor(() => expect([...drawn('Runs')].map(row => row.getAttribute('data-key'))).toEqual(['b', 'a']));
});

test('what is wrong with a search stands under the box as text', async () => {
  const source = new FixedSource();
  source.show(payload);
  source.answer = new Error("search: character 5: expected <b>\na = <b>\n    ^");
  show(source);
  await type('a = <b>');
  await vi.waitFor(() => expect(element.querySelector('.hl-problem')!.textContent).toContain('\n    ^'));
  const box = element.querySelector('input[type=search]')!;
  expect(box.getAttribute('aria-invalid')).toBe('true');
  expect(box.getAttribute('aria-describedby')).toBe(element.querySelector('.hl-problem')!.id);
  expect(element.querySelector('.hl-problem b')).toBeNull();
  expect(drawn('Runs')).toHaveLength(0);
  await type('');
  await vi.waitFor(() => expect(element.querySelector('.hl-problem')).toBeNull());
  await vi.waitFor(() => expect(drawn('Runs')).toHaveLength(2));
});

test('only what reads like a search is one', () => {
  for (const text of ['metrics.AUC > 0.8', "name like 'a%'", 'params.depth is not null', 'limit 5', 'a=1', 'order by created']) {
    expect(isSearch(text), text).toBe(true);
  }
  for (const text of ['', 'week_3', 'limits', 'trees in order', 'likely is null_model']) expect(isSearch(text), text).toBe(false);
});
