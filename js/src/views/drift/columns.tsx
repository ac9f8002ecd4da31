/** The columns of the list of series. */
import type { DriftSeriesRow } from '../../contract/types.gen';
import { Instant } from '../../ui/Instant';
import type { Column } from '../../ui/Table';
import { Strip, Verdict } from './Verdict';

type SeriesColumn = Column<DriftSeriesRow>;

const reference: SeriesColumn = {
  key: 'reference',
  label: 'Reference',
  track: 'minmax(130px, 2fr)',
  least: 130,
  value: row => row.reference
};

const segment: SeriesColumn = {
  key: 'segment',
  label: 'Segment',
  track: 'minmax(80px, 1fr)',
  least: 80,
  value: row => row.segment
};

const verdict: SeriesColumn = {
  key: 'verdict',
  label: 'Last verdict',
  track: '92px',
  least: 92,
  value: row => row.recent.at(-1)?.verdict,
  draw: row => (row.recent.length ? <Verdict word={row.recent.at(-1)!.verdict} /> : <small>performance</small>)
};

const recent: SeriesColumn = {
  key: 'recent',
  label: 'Windows',
  track: '136px',
  least: 136,
  value: row => row.recent.filter(each => each.verdict === 'drift').length,
  draw: row => <Strip recent={row.recent} />
};

const alerts: SeriesColumn = {
  key: 'alerts',
  label: 'Open alerts',
  track: '86px',
  least: 86,
  numeric: true,
  value: row => row.open_alerts,
  draw: row => (row.open_alerts ? <b class="hl-open">{row.open_alerts}</b> : <span class="hl-muted">0</span>)
};

const checks: SeriesColumn = { key: 'checks', label: 'Checks', track: '62px', least: 62, numeric: true, value: row => row.checks };

const last: SeriesColumn = {
  key: 'last',
  label: 'Last check (UTC)',
  track: '124px',
  least: 124,
  value: row => row.last_at,
  draw: row => <Instant at={row.last_at} />
};

/** What the list shows; in a narrow place only what matters most. */
export function seriesColumns(narrow: boolean, segments: boolean): SeriesColumn[] {
  if (narrow) return [reference, ...(segments ? [segment] : []), verdict, alerts];
  return [reference, ...(segments ? [segment] : []), verdict, recent, alerts, checks, last];
}
