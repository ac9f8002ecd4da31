import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { applyModels } from '../src/contract/decode';
import type { ModelComparison, ModelDetail as Detail, ModelsPayload, VersionRow } from '../src/contract/types.gen';
import { HttpAnswerer } from '../src/rpc/http';
import { Store } from '../src/rpc/source';
import { mount } from '../src/ui/mount';
import { courseOf, evidenceKeys, evidenceOf, groups, metricKeys, spanOf, toCompare } from '../src/views/model/groups';
import { ModelView } from '../src/views/ModelView';

const AT = '2026-03-02T08:00:00.000000Z';

function version(number: number, aliases: string[], auc: number | null): VersionRow {
  const metrics = auc === null ? [] : [{ name: 'AUC', source: 'test' as const, value: auc, low: auc - 0.1, high: auc + 0.05, no_interval: '' }];
  return {
    key: `<b>churn</b>/${number}`,
    name: '<b>churn</b>',
    version: number,
    kind: 'UnifiedClassification',
    library: 'hanalife',
    run_id: null,
    created_at: AT,
    aliases,
    created_by: 'me',
    dataset_hash: '',
    format: 'xgboost-ubj',
    notes: '<i>notes</i>',
    tags: [],
    metrics,
    rolled_back: null
  };
}

const move = (event: string, before: number | null, after: number, note = '') => ({
  event,
  version: after,
  before,
  alias: 'champion',
  happened_at: AT,
  happened_by: 'me',
  note
});

const detail: Detail = {
  contract: 2,
  name: '<b>churn</b>',
  versions: [version(3, [], null), version(2, ['champion'], 0.8), version(1, [], 0.7)],
  aliases: [{ alias: 'champion', version: 2, movers: null, moved_at: AT, moved_by: 'me', back_to: 1 }],
  history: [move('MOVED', 1, 2, 'better'), move('MOVED', null, 1)],
  history_total: 2
};
const payload: ModelsPayload = { contract: 2, seq: 0, database: 'sqlite://', absent: [], models: detail.versions };
const comparison: ModelComparison = {
  contract: 2,
  name: detail.name,
  versions: [2, 3],
  rows: [
    { section: 'PARAMETER', name: 'depth', values: ['1', '3'], different: true },
    { section: 'PARAMETER', name: 'seed', values: ['7', '7'], different: false }
  ]
};

class Fixed extends Store<ModelsPayload> {
  asked: { method: string; args: Record<string, string> }[] = [];
  detail = detail;
  request = async <T,>(method: string, args: Record<string, string> = {}) => {
    this.asked.push({ method, args });
    return { model: this.detail, model_comparison: comparison, control: null }[method] as T;
  };
  show(patch: Partial<ModelsPayload> = {}) {
    this.set({ payload: { ...payload, ...patch }, status: { word: 'live', text: '' } });
  }
}

let element: HTMLElement;
let unmount: () => void;
let source: Fixed;
beforeEach(async () => {
  element = document.body.appendChild(document.createElement('div'));
  source = new Fixed();
  await act(() => {
    unmount = mount(element, <ModelView source={source} selected="" onSelect={() => {}} onCancel={() => {}} />);
  });
});
afterEach(() => {
  unmount();
  element.remove();
});

const settle = () => act(() => new Promise<void>(resolve => setTimeout(resolve, 60)));
const show = async (patch: Partial<ModelsPayload> = {}) => {
  await act(() => source.show(patch));
  await settle();
};
const press = async (label: string, inside: ParentNode = element) => {
  const button = [...inside.querySelectorAll('button')].find(each => each.textContent!.startsWith(label))!;
  await act(() => button.click());
  await settle();
};

test('a version is promoted only after its reason was asked and the question answered', async () => {
  await show();
  expect(element.querySelector('h3')!.textContent).toBe('<b>churn</b>');
  await press('Promote …', element.querySelector('.hl-versions')!);
  const form = element.querySelector('form')!;
  await act(() => {
    const why = form.querySelectorAll('input')[1]!;
    why.value = 'AUC';
    why.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await press('Promote version 3', form);
  expect(source.asked.some(each => each.method === 'control')).toBe(false);
  expect(form.querySelector('[role=alertdialog]')!.textContent).toContain('instead of version 2?');
  await press('Promote', form.querySelector('[role=alertdialog]')!);
  expect(source.asked.at(-1)).toEqual({
    method: 'control',
    args: { control: 'model.promote', name: '<b>churn</b>', version: '3', alias: 'champion', note: 'AUC' }
  });
});

test('a protected alias rolls back only with a reason', async () => {
  source.detail = { ...detail, aliases: [{ ...detail.aliases[0]!, movers: ['me'] }] };
  await show();
  await press('Aliases', element.querySelector('[role=tablist]')!);
  const back = [...element.querySelectorAll('button')].find(each => each.textContent!.startsWith('Roll back'))!;
  expect(back.disabled).toBe(true);
  expect(element.querySelector('[role=tabpanel]')!.textContent).toContain('protected: me may move it');
});

test('champion and newest stand side by side until others are ticked', async () => {
  await show();
  await press('Compare');
  expect(source.asked.at(-1)).toEqual({ method: 'model_comparison', args: { name: '<b>churn</b>', versions: '2,3' } });
  const shown = () => [...element.querySelectorAll('.hl-sides tbody th[scope=row]')].map(each => each.textContent);
  expect(shown()).toEqual(['depth']);
  expect(element.querySelector('.hl-differs [role=img]')!.getAttribute('aria-label')).toBe('differs');
  await act(() => element.querySelector<HTMLInputElement>('.hl-compare-bar input')!.click());
  expect(shown()).toEqual(['depth', 'seed']);
});

test('nothing yet and a name that is not there are said in words', async () => {
  await show({ models: [], absent: ['<i>x</i>'] });
  expect(element.textContent).toContain('No models yet.');
  expect(element.querySelector('[role=alert]')!.textContent).toContain('<i>x</i>');
});

test('versions are grouped, spans and courses read off', () => {
  const [group] = groups([version(1, ['a'], 0.7), version(10, ['champion'], 0.8), version(9, [], null)]);
  expect([group!.versions, group!.newest.version, group!.aliases.map(each => each.alias)]).toEqual([3, 10, ['champion', 'a']]);
  expect(spanOf(detail.versions, AUC)!.low).toBeCloseTo(0.6);
  expect(spanOf(detail.versions, AUC)!.high).toBeCloseTo(0.85);
  expect(spanOf(detail.versions, { name: 'AUC', source: 'cv' })).toBeNull();
  expect(courseOf(detail, 'champion').map(each => each.version)).toEqual([1, 2]);
  expect(toCompare(detail, new Set([3, 1, 99]))).toEqual([1, 3]);
  expect(toCompare({ ...detail, aliases: [], versions: [version(1, [], 1)] }, new Set())).toEqual([1]);
});

const AUC = { name: 'AUC', source: 'test' } as const;
const metric = (name: string, source: 'test' | 'validation' | 'train', value: number) => ({ name, source, value, low: null, high: null, no_interval: '' });

test('evidence is held out: training values are listed last, and are never evidence', () => {
  const fitted = { ...version(1, [], null), metrics: [metric('AUC', 'train', 0.98), metric('Z', 'validation', 1)] };
  const scored = { ...version(2, [], 0.8), metrics: [metric('AUC', 'validation', 0.85), metric('AUC', 'test', 0.8)] };
  expect(metricKeys([fitted, scored]).map(key => `${key.name} ${key.source}`)).toEqual(['AUC test', 'AUC validation', 'Z validation', 'AUC train']);
  expect(evidenceKeys([fitted, scored])[0]).toEqual(AUC);
  expect(evidenceKeys([{ ...fitted, metrics: [metric('AUC', 'train', 0.98)] }])).toEqual([]);
  expect(evidenceOf(scored, [fitted, scored])).toMatchObject({ source: 'test', value: 0.8 });
  expect(evidenceOf(fitted, [fitted, scored])).toMatchObject({ name: 'Z', source: 'validation' });
  expect(evidenceOf({ ...fitted, metrics: [metric('AUC', 'train', 0.98)] }, [fitted, scored])).toBeNull();
});

test('the form to promote shows held-out values with intervals, or that there is none, and a roll-back with its reason', async () => {
  const back = { alias: 'champion', version: 2, happened_at: AT, happened_by: 'me', note: 'gain -0.05 [-0.08, -0.02] on 300 rows' };
  const overfitted = { ...version(3, [], null), metrics: [metric('AUC', 'train', 0.98)], rolled_back: back };
  source.detail = { ...detail, versions: [overfitted, version(2, ['champion'], 0.8), version(1, [], 0.7)] };
  await show();
  const table = element.querySelector('.hl-versions')!;
  expect([...table.querySelectorAll('thead th')].map(each => each.textContent)).toContain('AUC test');
  expect(table.textContent).toContain('no held-out value');
  expect(table.textContent).toContain('rolled back: gain -0.05');
  expect(table.textContent).not.toContain('0.98');
  await press('Promote …', table);
  const evidence = element.querySelector('[aria-label=Evidence]')!;
  expect(evidence.textContent).toContain('Version 3: no held-out value; fit with a partition, or score it on other rows');
  expect(evidence.textContent).toContain('Version 2, champion now: AUC 0.8 (test, 95 % CI 0.7 to 0.85)');
  expect(evidence.textContent).toContain('champion was rolled back from it to version 2 on 2026-03-02 08:00:00 UTC by me: gain -0.05');
  expect(evidence.textContent).not.toContain('0.98');
});

test('values of different sources do not speak for a promotion, and a chart names its source and who lacks it', async () => {
  const validated = { ...version(3, [], null), metrics: [metric('AUC', 'validation', 0.9)] };
  source.detail = { ...detail, versions: [validated, version(2, ['champion'], 0.8), version(1, [], 0.7)] };
  await show();
  await press('Promote …', element.querySelector('.hl-versions')!);
  expect(element.querySelector('[aria-label=Evidence]')!.textContent).toContain('Different sources: these values do not compare.');
  await press('Metrics', element.querySelector('[role=tablist]')!);
  expect(element.querySelector('[aria-label="AUC (test) over versions"]')).not.toBeNull();
  expect(element.querySelector('figcaption')!.textContent).toBe('No AUC (test): version 3');
});

test('a delta takes away what is gone; the server is asked by paths that any name fits into', async () => {
  const delta = { contract: 2, seq: 1, absent: [], models: { changed: [], removed: ['<b>churn</b>/1'] } };
  expect(applyModels(payload, delta)!.models.map(each => each.version)).toEqual([3, 2]);
  const paths: string[] = [];
  const answerer = new HttpAnswerer(async path => {
    paths.push(path);
    return comparison;
  });
  await answerer.request('model', { name: 'a/b ä' });
  await answerer.request('model_comparison', { name: 'a/b', versions: '1,2' });
  await answerer.request('drift_series', { check_id: 'x' });
  await answerer.request('drift_check', { check_id: 'x' });
  expect(paths).toEqual(['models/a%2Fb%20%C3%A4', 'model_comparisons/a%2Fb/1%2C2', 'drift/x', 'drift_checks/x']);
});
