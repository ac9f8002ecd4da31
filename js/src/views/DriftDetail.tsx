/** All that is known of the checks against one reference: map, distributions, performance, alerts. */
import { useState } from 'preact/hooks';
import type { DriftDetail as Detail } from '../contract/types.gen';
import type { Answerer } from '../rpc/source';
import { moment } from '../ui/format';
import { DataTable } from '../ui/parts';
import { type Tab, Tabs } from '../ui/Tabs';
import { AlarmBudget } from './drift/AlarmBudget';
import { Alerts } from './drift/Alerts';
import { Finding } from './drift/Finding';
import { HeatLegend, HeatMap } from './drift/HeatMap';
import { Performance } from './drift/Performance';
import { Verdict } from './drift/Verdict';
import { type Place, placeOf, windowName } from './drift/words';
import './task/task.css';
import './drift/drift.css';

interface Props {
  source: Answerer;
  detail: Detail | null;
  waiting: boolean;
  error: string;
  title: string;
  /** The check to begin with, such as that of an alert; the newest otherwise. */
  check_id?: string;
}

export function DriftDetail({ source, detail, waiting, error, title, check_id }: Props) {
  const last = detail?.series.recent.at(-1);
  return (
    <section class="hl-details hl-drift" aria-label={`Drift from ${title}`} aria-busy={waiting}>
      <header class="hl-title">
        <h3>{detail?.series.reference ?? title}</h3>
        {detail?.series.segment && <small>segment {detail.series.segment}</small>}
        {last && <Verdict word={last.verdict} />}
        {detail && detail.series.open_alerts > 0 && (
          <small class="hl-open">
            {detail.series.open_alerts} open {detail.series.open_alerts === 1 ? 'alert' : 'alerts'}
          </small>
        )}
        {waiting && !detail && <small role="status">Reading …</small>}
      </header>
      {error && <p class="hl-empty">{error}</p>}
      {detail?.budget && <AlarmBudget budget={detail.budget} />}
      {detail && (
        <Tabs
          key={`${detail.series.series_id} ${detail.windows.length > 0}`}
          label="Details of the drift checks"
          tabs={tabs(source, detail, check_id)}
        />
      )}
    </section>
  );
}

function tabs(source: Answerer, detail: Detail, check_id = ''): Tab[] {
  const map: Tab = { name: 'Columns', note: String(detail.columns.length), draw: () => <Columns source={source} detail={detail} check_id={check_id} /> };
  const performance: Tab = { name: 'Performance', draw: () => <Performance detail={detail} /> };
  const open = detail.alerts.filter(alert => !alert.acknowledged).length;
  return [
    ...(detail.windows.length || !detail.performance.length ? [map] : []),
    ...(detail.performance.length ? [performance] : []),
    { name: 'Alerts', note: open ? `${open} open` : undefined, draw: () => <Alerts source={source} detail={detail} /> },
    ...(detail.windows.length ? [{ name: 'Windows', note: String(detail.windows.length), draw: () => <Windows detail={detail} /> }] : [])
  ];
}

function Columns({ source, detail, check_id }: { source: Answerer; detail: Detail; check_id: string }) {
  const [wanted, select] = useState<Place | null>(check_id ? { check_id, column: '' } : null);
  const place = placeOf(detail, wanted);
  if (!place) return <p class="hl-empty">Nothing was compared yet.</p>;
  return (
    <>
      <HeatMap detail={detail} place={place} onSelect={select} />
      <HeatLegend />
      <Finding source={source} place={place} />
    </>
  );
}

function Windows({ detail }: { detail: Detail }) {
  const hasBudget = detail.windows.some(window => window.single_verdict !== null);
  const rows = [...detail.windows].reverse().map(window => ({
    key: window.check_id,
    cells: [
      windowName(window),
      <Verdict word={window.verdict} />,
      ...(hasBudget ? [window.single_verdict ? <Verdict word={window.single_verdict} /> : '–'] : []),
      window.current_rows.toLocaleString('en'),
      window.reference_rows.toLocaleString('en'),
      window.current,
      moment(window.created_at)
    ]
  }));
  const head = ['Window', 'Verdict', ...(hasBudget ? ['This check alone'] : []), 'Rows', 'Reference rows', 'Current rows from', 'Checked (UTC)'];
  return <DataTable head={head} rows={rows} numbers={hasBudget ? [3, 4] : [2, 3]} empty="" />;
}
