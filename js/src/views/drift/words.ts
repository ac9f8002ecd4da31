/** Drift in words: verdicts, measures, windows; pure. */
import { toNumber } from '../../contract/decode';
import type {
  CheckedColumn,
  DriftCell,
  DriftDetail,
  DriftMeasure,
  JsonNumber,
  SpentAlarmBudget,
  VerdictWord
} from '../../contract/types.gen';
import { moment } from '../../ui/format';

/** A sign, a tone and a word for each verdict, so that it is never told by colour alone. */
export const VERDICTS: Record<VerdictWord, { sign: string; tone: string; text: string }> = {
  drift: { sign: '▲', tone: 'bad', text: 'drift' },
  no_drift: { sign: '✓', tone: 'good', text: 'no drift' },
  unknown: { sign: '?', tone: 'odd', text: 'unknown' }
};

const MEASURES: Record<string, string> = {
  psi: 'PSI',
  jensen_shannon: 'Jensen-Shannon divergence',
  total_variation: 'total variation',
  wasserstein: 'Wasserstein distance',
  missing_share: 'change in missing rate',
  new_share: 'share of new categories',
  vanished_share: 'share of vanished categories',
  auc: 'AUC of telling both sides apart',
  auc_change: 'change of AUC',
  accuracy_change: 'change of accuracy'
};

export function measureName(measure: string): string {
  return MEASURES[measure] ?? measure.replaceAll('_', ' ');
}

/** Three digits of what matters; less than 0.0005 is nothing. */
export function brief(value: JsonNumber): string {
  const read = toNumber(value);
  if (!Number.isFinite(read)) return Number.isNaN(read) ? '–' : read > 0 ? '∞' : '−∞';
  const size = Math.abs(read);
  if (size >= 1000) return read.toExponential(1);
  return read.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size < 0.1 ? 3 : 2);
}

/** What a window is called: its name, else when it was checked. */
export function windowName(window: { window: string; created_at: string }): string {
  return window.window || moment(window.created_at).slice(0, 16);
}

/** How strongly a cell is filled, from 0 to 1: the effect on a scale on which the minimum lies at a third. */
export function strength(cell: DriftCell): number {
  const value = toNumber(cell.effect?.value ?? 'nan');
  const minimum = toNumber(cell.effect?.minimum ?? 'nan');
  if (!Number.isFinite(value) || !(minimum > 0)) return 0;
  // The area under a curve that tells nothing is a half, every other effect of nothing is 0.
  const [effect, least] = cell.effect!.measure === 'auc' ? [value - 0.5, minimum - 0.5] : [value, minimum];
  if (effect <= 0 || least <= 0) return 0;
  return Math.min(1, Math.log1p(effect / least) / Math.log1p(7));
}

export function cellText(name: string, window: string, cell: DriftCell | null): string {
  if (!cell) return `${name}, ${window}: not compared`;
  const effect = cell.effect ? `; ${interval(cell.effect)}` : '';
  return `${name}, ${window}: ${VERDICTS[cell.verdict].text}${effect}`;
}

/** The ends of the 95 % interval, or that there is none. */
export function bounds(effect: DriftMeasure): string {
  return hasInterval(effect) ? `${brief(effect.low)} to ${brief(effect.high)}` : 'no interval';
}

export function hasInterval(effect: DriftMeasure): boolean {
  return !Number.isNaN(toNumber(effect.low)) && !Number.isNaN(toNumber(effect.high));
}

export function interval(effect: DriftMeasure): string {
  const value = `${measureName(effect.measure)} ${brief(effect.value)}`;
  if (hasInterval(effect)) return `${value}, 95 % interval ${bounds(effect)}`;
  return `${value}, no interval${effect.withheld && `: ${effect.withheld}`}`;
}

/** How much of an alarm budget is spent: false alarms in the mean, at most. */
export function budgetText(budget: SpentAlarmBudget): string {
  const plural = toNumber(budget.false_alarms) === 1 ? '' : 's';
  return `Alarm budget: ${brief(budget.spent)} of ${toNumber(budget.false_alarms)} false alarm${plural} per ${budget.per} spent`;
}

export function evidenceText(budget: SpentAlarmBudget): string {
  return `strongest evidence ${brief(budget.evidence)}, alarm at ${brief(budget.alarm_threshold)}`;
}

/** What was found of a column, as one sentence. */
export function sentence(column: CheckedColumn): string {
  const { effect } = column;
  if (!effect) return column.reason || 'Nothing was compared.';
  const name = measureName(effect.measure);
  const least = effect.minimum === null ? '' : brief(effect.minimum);
  if (column.verdict === 'drift' && column.single_verdict) {
    return `Alarm: the evidence of the checks so far reached ${brief(column.evidence ?? 'nan')}; this check alone: ${VERDICTS[column.single_verdict].text}.`;
  }
  if (column.verdict === 'drift') {
    const p = 1 - toNumber(column.indicator);
    return `Drift detected: its ${name} is above the minimum effect of ${least} (adjusted p-value ${p < 0.001 ? 'below 0.001' : p.toFixed(3)}).`;
  }
  if (column.verdict === 'no_drift') return `No meaningful shift: its ${name} is below the minimum effect of ${least}.`;
  return column.reason ? upper(column.reason) : `Inconclusive: these rows do not tell whether its ${name} is above the minimum effect of ${least}.`;
}

function upper(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

export interface Place {
  check_id: string;
  column: string;
}

/** The cell that stays selected, or the most striking one of the newest window. */
export function placeOf(detail: DriftDetail, wanted: Place | null): Place | null {
  const window = detail.windows.find(each => each.check_id === wanted?.check_id) ?? detail.windows.at(-1);
  if (!window) return null;
  const known = detail.columns.some(column => column.name === wanted?.column);
  if (wanted && known) return { check_id: window.check_id, column: wanted.column };
  let best = 0;
  window.cells.forEach((cell, i) => {
    if (rank(cell, detail.columns[i]!.role) > rank(window.cells[best] ?? null, detail.columns[best]!.role)) best = i;
  });
  return { check_id: window.check_id, column: detail.columns[best]?.name ?? '' };
}

function rank(cell: DriftCell | null, role: string): number {
  // All columns together have no distribution to look at.
  if (!cell || role === 'rows') return -1;
  return (cell.verdict === 'drift' ? 2 : cell.verdict === 'unknown' ? 1 : 0) + strength(cell);
}
