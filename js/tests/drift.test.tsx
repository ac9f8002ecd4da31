import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { applyDrift, decode } from '../src/contract/decode';
import type { CheckDetail, DriftCell, DriftDetail as Detail, DriftMeasure, DriftPayload } from '../src/contract/types.gen';
import { Store } from '../src/rpc/source';
import { mount } from '../src/ui/mount';
import { ticksOf } from '../src/ui/ticks';
import { niceTop, pretty } from '../src/views/drift/Distribution';
import { spots } from '../src/views/drift/Performance';
import { brief, interval, placeOf, sentence, strength } from '../src/views/drift/words';
import { DriftView } from '../src/views/DriftView';
import checkJson from './golden/drift_check.json';
import seriesJson from './golden/drift_series.json';

const detail = decode<Detail>(seriesJson);
const check = decode<CheckDetail>(checkJson);
const payload: DriftPayload = { contract: 2, seq: 0, database: 'sqlite://', absent: [], series: [detail.series] };

class Fixed extends Store<DriftPayload> {
  asked: { method: string; args: Record<string, string> }[] = [];
  request = async <T,>(method: string, args: Record<string, string> = {}) => {
    this.asked.push({ method, args });
    return (method === 'drift_series' ? detail : check) as T;
  };
  show(patch: Partial<DriftPayload>, word: 'live' | 'lost' = 'live') {
    this.set({ payload: { ...payload, ...patch }, status: { word, text: word === 'lost' ? 'The database is away.' : '' } });
  }
}

let element: HTMLElement;
let unmount: () => void;
let source: Fixed;
beforeEach(async () => {
  element = document.body.appendChild(document.createElement('div'));
  source = new Fixed();
  await act(() => {
    unmount = mount(element, <DriftView source={source} selected="" onSelect={() => {}} onCancel={() => {}} />);
  });
});
afterEach(() => {
  unmount();
  element.remove();
});

const settle = () => act(() => new Promise<void>(resolve => setTimeout(resolve, 60)));
const show = async (patch: Partial<DriftPayload> = {}, word: 'live' | 'lost' = 'live') => {
  await act(() => source.show(patch, word));
  await settle(); // the series
  await settle(); // the check of the chosen cell
};
const tab = async (name: string) => {
  await act(() => [...element.querySelectorAll<HTMLElement>('[role=tab]')].find(each => each.textContent!.startsWith(name))!.click());
  await settle();
  return element.querySelector('[role=tabpanel]')!;
};

test('a cell of the map tells verdict and effect in words, and its findings come below', async () => {
  await show();
  const cells = [...element.querySelectorAll('.hl-heat td[role=gridcell]')];
  expect(cells).toHaveLength(4);
  const chosen = cells.find(cell => cell.getAttribute('aria-selected') === 'true')!;
  expect(chosen.getAttribute('aria-label')).toBe('GLUCOSE, 2026-03-09 08:00: drift; PSI 2.50, 95 % interval 2.45 to 2.55');
  expect(source.asked.at(-1)).toEqual({ method: 'drift_check', args: { check_id: 'check-1' } });
  expect(element.querySelector('.hl-finding')!.textContent).toContain('Drift detected: its');
  expect(element.querySelector('.hl-finding')!.textContent).toContain('∞');
});

test('arrow keys go from cell to cell, and a name that looks like HTML stays text', async () => {
  await show();
  const chosen = () => element.querySelector<HTMLElement>('.hl-heat td[aria-selected=true]')!;
  await act(() => {
    chosen().dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
  });
  await settle();
  expect(chosen().getAttribute('aria-label')).toContain('<b>AGE</b>, 2026-03-09 08:00: unknown');
  expect(element.querySelector('.hl-finding h4')!.textContent).toBe('<b>AGE</b>');
  expect(element.querySelector('.hl-finding [role=meter]')!.getAttribute('aria-valuemax')).toBe('900');
  await act(() => {
    chosen().dispatchEvent(new KeyboardEvent('keydown', { key: 'Home', bubbles: true }));
  });
  expect(chosen().getAttribute('aria-label')).toContain('2026-03-02');
});

test('an alert is acknowledged with what was made of it', async () => {
  await show();
  const panel = await tab('Alerts');
  const input = panel.querySelector('input')!;
  await act(() => {
    input.value = 'a new device';
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await act(() => panel.querySelector<HTMLElement>('button')!.click());
  expect(source.asked.at(-1)).toEqual({
    method: 'control',
    args: { control: 'drift.acknowledge', check_id: 'check-1', note: 'a new device' }
  });
});

test('performance has the estimate for each window and the truth where there are labels', async () => {
  await show();
  const panel = await tab('Performance');
  expect(panel.querySelectorAll('.hl-estimated-dot')).toHaveLength(2);
  expect(panel.textContent).toContain('Assumes much.');
  const found = spots(detail.performance);
  expect(found.names).toEqual(['week 0', 'week 1']);
  expect([found.measured.map(spot => spot.at), found.estimated.map(spot => spot.at)]).toEqual([[0], [0, 1]]);
});

test('nothing yet, a reference that is not there and a lost connection are said in words', async () => {
  await show({ series: [], absent: ['<i>UNBORN</i>'] });
  expect(element.textContent).toContain('No drift checks yet.');
  expect(element.querySelector('[role=alert]')!.textContent).toContain('<i>UNBORN</i>');
  await show({}, 'lost');
  expect(element.querySelector('.hl-banner')!.textContent).toContain('The database is away.');
  expect(element.querySelector('.hl-heat')).not.toBeNull();
});

test('a delta changes the series it names', () => {
  const newer = { ...detail.series, open_alerts: 0 };
  const delta = { contract: 2, seq: 1, absent: [], series: { changed: [newer], removed: [] } };
  expect(applyDrift(payload, delta)!.series).toEqual([newer]);
  expect(applyDrift(payload, { ...delta, seq: 2 })).toBeNull();
});

const cell = (measure: string, value: number, minimum: number): DriftCell => ({
  verdict: 'drift',
  indicator: 1,
  effect: { measure, value, low: value, high: value, minimum, withheld: '' }
});

test('an effect without an interval says why', () => {
  const effect: DriftMeasure = { measure: 'total_variation', value: 0.2, low: 'nan', high: 'nan', minimum: null, withheld: 'rare values' };
  expect(interval(effect)).toBe('total variation 0.20, no interval: rare values');
  expect(interval({ ...effect, low: 0.1, high: 0.3 })).toBe('total variation 0.20, 95 % interval 0.10 to 0.30');
});

test('a cell is filled by its effect, from nothing on', () => {
  expect(strength(cell('psi', 0, 0.1))).toBe(0);
  expect(strength(cell('psi', 0.1, 0.1))).toBeCloseTo(1 / 3);
  expect(strength(cell('psi', 9, 0.1))).toBe(1);
  expect(strength(cell('auc', 0.5, 0.6))).toBe(0);
  expect(strength(cell('auc', 0.6, 0.6))).toBeCloseTo(1 / 3);
  expect(strength({ verdict: 'unknown', indicator: 0, effect: null })).toBe(0);
});

test('a place that is gone gives way to the newest window', () => {
  expect(placeOf(detail, null)).toEqual({ check_id: 'check-1', column: 'GLUCOSE' });
  expect(placeOf(detail, { check_id: 'gone', column: '<b>AGE</b>' })).toEqual({ check_id: 'check-1', column: '<b>AGE</b>' });
  expect(placeOf({ ...detail, windows: [] }, null)).toBeNull();
});

test('an alarm budget says what is spent of it, and what one check alone would say', async () => {
  await show();
  const meter = element.querySelector('header + p [role=meter]')!;
  expect(meter.getAttribute('aria-label')).toBe('Alarm budget: 0.25 of 1 false alarm per year spent');
  expect(meter.getAttribute('aria-valuenow')).toBe('0.25');
  expect(meter.parentElement!.textContent).toContain('strongest evidence 312, alarm at 104');
  const windows = await tab('Windows');
  expect([...windows.querySelectorAll('th')].map(each => each.textContent)).toContain('This check alone');
  expect([...windows.querySelectorAll('tbody tr')].map(row => row.querySelectorAll('td, th')[2]!.textContent)).toEqual(['▲drift', '–']);
  const moved = check.columns.find(column => column.verdict === 'drift')!;
  expect(sentence({ ...moved, single_verdict: 'drift', evidence: 312 })).toBe('Alarm: the evidence of the checks so far reached 312; this check alone: drift.');
});

test('words and numbers', () => {
  expect([brief(0.00001), brief(0.0123), brief(0.123), brief(12.34), brief(12345), brief('nan')]).toEqual([
    '0.000', '0.012', '0.12', '12.3', '1.2e+4', '–'
  ]);
  expect([pretty('[-inf ; 81.0917['), pretty('[2 ; 3['), pretty('[9 ; inf['), pretty('north')]).toEqual([
    '< 81.09', '2 – 3', '≥ 9', 'north'
  ]);
  expect(sentence(check.columns.find(column => column.verdict === 'unknown')!)).toBe('About 900 current rows would decide.');
  expect([niceTop(7), niceTop(41), niceTop(100)]).toEqual([8, 50, 100]);
  expect(ticksOf(0.48, 0.77)).toEqual([0.5, 0.6, 0.7]);
  expect(ticksOf(1, 1)).toEqual([1]);
});
