/** Drift checks, live, with the map, distributions, performance and alerts of one series. */
import type { AnyModel } from '@anywidget/types';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { DriftDetail as Detail, DriftPayload, DriftSeriesRow } from '../contract/types.gen';
import type { Source } from '../rpc/source';
import { useLatestDetail, useSource } from '../ui/hooks';
import { useNarrow } from '../ui/narrow';
import { MonitorBar } from '../ui/MonitorBar';
import { filterRows } from '../ui/order';
import { Banner, emptyText, Search } from '../ui/parts';
import { Table } from '../ui/Table';
import { cancel, useTrait } from '../ui/trait';
import { seriesColumns } from './drift/columns';
import { DriftDetail } from './DriftDetail';

interface Props {
  source: Source<DriftPayload>;
  selected: string;
  onSelect(series_id: string): void;
  onCancel(): void;
}

const BY_NAME = { key: 'reference', descending: false };
const NONE: DriftSeriesRow[] = [];
const NARROW = [700];
const EMPTY = 'No drift checks yet. They appear as soon as conn.drift.check, a DriftDetector or a drift task compares rows.';

export function DriftCell({ source, host }: { source: Source<DriftPayload>; host: AnyModel }) {
  const [selected, select] = useTrait<string>(host, 'selected');
  return <DriftView source={source} selected={selected} onSelect={select} onCancel={() => cancel(source)} />;
}

export function DriftView({ source, selected, onSelect, onCancel }: Props) {
  const { payload, status } = useSource(source);
  const [query, setQuery] = useState('');
  const view = useRef<HTMLElement>(null);
  const narrow = useNarrow(view, NARROW) > 0;
  const all = payload?.series ?? NONE;
  const found = useMemo(() => filterRows(all, query, row => `${row.reference} ${row.segment}`), [all, query]);
  const segments = all.some(row => row.segment);
  const columns = useMemo(() => seriesColumns(narrow, segments), [narrow, segments]);
  const open = all.reduce((sum, row) => sum + row.open_alerts, 0);
  // A single series needs no choice.
  const series = all.length === 1 ? all[0] : all.find(each => each.series_id === selected);

  return (
    <section class="hl-view" aria-label="Drift Monitor" ref={view}>
      <MonitorBar title="Drift Monitor" status={status} stop="Stop watching" onCancel={onCancel}>
        <Search value={query} onInput={setQuery} label="Search references" />
        <small aria-live="polite" class="hl-count">
          {found.length === all.length ? `${all.length} series` : `${found.length} of ${all.length} series`}
          {open > 0 && (
            <>
              {' · '}
              <b class="hl-open">
                ▲ {open} open {open === 1 ? 'alert' : 'alerts'}
              </b>
            </>
          )}
        </small>
      </MonitorBar>
      {status.word === 'lost' && <Banner>{status.text}</Banner>}
      {payload && payload.absent.length > 0 && (
        <Banner>Nothing compared yet with: {payload.absent.join(', ')}. It will appear here once a check names it as its reference.</Banner>
      )}
      <div class="hl-split hl-single">
        <Table
          label="Series of drift checks"
          columns={columns}
          rows={found}
          rowKey={each => each.series_id}
          selected={series?.series_id ?? ''}
          onSelect={onSelect}
          sort={BY_NAME}
          empty={emptyText(payload !== null, all.length > 0, 'No reference matches the search.', EMPTY)}
        />
      </div>
      <Selected source={source} series={series} />
    </section>
  );
}

function Selected({ source, series }: { source: Source<DriftPayload>; series: DriftSeriesRow | undefined }) {
  const { value, waiting, error } = useLatestDetail<Detail>(source, 'drift_series', 'check_id', series?.series_id ?? '');
  if (!series) return <p class="hl-empty hl-details">Select a reference to see what moved away from it.</p>;
  return (
    <DriftDetail
      key={series.series_id}
      source={source}
      detail={value}
      waiting={waiting}
      error={error}
      title={series.reference}
    />
  );
}
