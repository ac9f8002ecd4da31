/** How values are written. */
import type { MetricValue } from '../contract/types.gen';
import { metricNumber } from '../contract/decode';

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** A moment in UTC, like everything in the store and every schedule: 2026-11-23 19:04:12. */
export function moment(instant: string | null): string {
  return instant ? new Date(instant).toISOString().slice(0, 19).replace('T', ' ') : '';
}

/** A whole number, its thousands apart. */
export function whole(n: number): string {
  return n.toLocaleString('en');
}

/** A number of things: 1 run, 2 runs. */
export function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? '' : 's'}`;
}

/** A moment in brief, for a narrow column: 11-23 19:04, with the year where it is another one. */
export function shortMoment(instant: string | null, now = new Date()): string {
  const whole = moment(instant).slice(0, 16);
  return whole.startsWith(`${now.getUTCFullYear()}-`) ? whole.slice(5) : whole;
}

/** Seconds in at most two units: 0.42 s, 12.3 s, 4 min 05 s, 2 h 10 min, 3 d 4 h. */
export function duration(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/** A number of bytes in the greatest unit that it fills. */
export function size(bytes: number | null): string {
  if (bytes === null) return '';
  const step = Math.min(3, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  const amount = bytes / 1024 ** step;
  return step ? `${amount.toFixed(1)} ${['', 'KiB', 'MiB', 'GiB'][step]}` : `${bytes} B`;
}

/** Four decimals, or what is shorter and says as much. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e6 ? value.toFixed(4) : value.toExponential(3);
}

/** Three digits, for a line of text: 0.777, 12.3, 154. */
export function brief(value: number): string {
  return Number.isFinite(value) && Math.abs(value) < 1e6 ? String(Number(value.toPrecision(3))) : number(value);
}

export function metric(value: MetricValue | undefined): string {
  const read = metricNumber(value);
  return read === null ? String(value ?? '') : number(read);
}
