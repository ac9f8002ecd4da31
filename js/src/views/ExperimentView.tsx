/** Experiments and their runs, live, with the details of one run, or several compared. */
import { useId, useMemo, useState } from 'preact/hooks';
import type { ExperimentRow, ExperimentsPayload, RunDetail as Detail, RunRow } from '../contract/types.gen';
import type { Source } from '../rpc/source';
import { count, whole } from '../ui/format';
import { useLatestDetail, useSource } from '../ui/hooks';
import { arranged, moved } from '../ui/layout';
import { MonitorBar } from '../ui/MonitorBar';
import { Banner, emptyText, Problem, RUN_SEARCH, Search } from '../ui/parts';
import { useFoundRuns } from '../ui/search';
import { type Column, Table } from '../ui/Table';
import { ColumnChoice } from './ColumnChoice';
import { columnKey, inOrder, metricOf, NAME_COLUMN, PLAIN_COLUMNS, runColumns, withBest, withSources } from './columns';
import { Compare } from './Compare';
import { PrimaryMetric } from './PrimaryMetric';
import { bestMark, firstColumns, keyText, type MetricKey, primaryOf, type Summary, summary, title } from './ranking';
import { RunDetail } from './RunDetail';
import { FIRST_VIEW, type RunView, ViewShelf } from './runView';
import { SavedViews } from './SavedViews';
import { TickedRuns } from './TickedRuns';
import './runs.css';

export interface Selection {
  experiment_id: string;
  run_id: string;
  ticked: string[];
}

interface Props {
  source: Source<ExperimentsPayload>;
  selection: Selection;
  onSelect(selection: Selection): void;
  onCancel(): void;
}

const NONE: RunRow[] = [];
const NO_ROWS: ExperimentRow[] = [];
const runText = (run: RunRow) => `${run.name} ${run.experiment_id} ${run.dataset_name} ${run.status} ${run.owner}`;

export function ExperimentView({ source, selection, onSelect, onCancel }: Props) {
  const { payload, status } = useSource(source);
  const shelf = useMemo(() => new ViewShelf(payload?.database ?? ''), [payload?.database]);
  const [view, setView] = useState(FIRST_VIEW);
  const [comparing, setComparing] = useState(false);
  const [sortedFor, setSortedFor] = useState<string | null>(null); // the search whose order was sorted anew
  const all = payload?.runs ?? NONE;
  const { query } = view;
  const { runs: found, ordered, error } = useFoundRuns(source, all, query, runText);
  const problem = useId();
  const rows = useMemo(
    () => (selection.experiment_id ? found.filter(run => run.experiment_id === selection.experiment_id) : found),
    [found, selection.experiment_id]
  );
  const { experiments, runs, chief } = useScope(payload, selection.experiment_id);
  const { choices, shown } = useColumns(all, runs, view, chief, experiments.length > 1);
  const ticked = useMemo(() => new Set(selection.ticked), [selection.ticked]);
  const tickedRuns = useMemo(() => all.filter(run => ticked.has(run.run_id)), [all, ticked]);
  const sort = ordered && sortedFor !== query ? undefined : view.sort;
  const sorted = sort ? metricOf(sort.key) : null;
  const best = useMemo(() => bestMark(rows, sorted, chief), [rows, sorted && keyText(sorted), chief]);
  const plainColumns = useMemo(() => runColumns(shown, rows), [shown.join('\n'), rows]);
  const columns = useMemo(() => arranged(withBest(plainColumns, best), view.order), [plainColumns, best, view.order]);
  const move = (key: string, target: string) => {
    const keys = [NAME_COLUMN, ...choices.map(each => each.key)].map(each => ({ key: each }));
    setView({ ...view, order: moved(arranged(keys, view.order).map(each => each.key), key, target) });
  };

  const tick = (run_id: string) => {
    const next = new Set(ticked);
    if (!next.delete(run_id)) next.add(run_id);
    onSelect({ ...selection, ticked: [...next] });
  };

  return (
    <section class="hl-view" aria-label="Experiment Monitor">
      <MonitorBar title="Experiment Monitor" status={status} stop="Stop watching; nothing else is stopped" onCancel={onCancel}>
        <Search
          value={query}
          onInput={text => setView({ ...view, query: text })}
          label="Search runs"
          hint={RUN_SEARCH}
          problem={error && problem}
        />
        <small aria-live="polite" class="hl-count">
          {countText(rows.length, all.length, payload?.total ?? 0)}
        </small>
        {experiments.length === 1 && <PrimaryMetric source={source} experiment={experiments[0]!} runs={runs} chief={chief} />}
        <SavedViews shelf={shelf} view={view} onView={setView} />
        <ColumnChoice
          choices={arranged(choices, view.order)}
          shown={shown}
          pinned={view.pinned}
          onShown={keys => setView({ ...view, columns: keys })}
          onMove={move}
          onPinned={pinned => setView({ ...view, pinned })}
          onReset={() => setView({ ...FIRST_VIEW, query })}
        />
      </MonitorBar>
      {error && <Problem id={problem}>{error}</Problem>}
      {status.word === 'lost' && <Banner>{status.text} It is tried again; what is shown is the last that was read.</Banner>}
      {payload && payload.absent.length > 0 && (
        <Banner>Not recorded yet: {payload.absent.join(', ')}. It will appear here once it is.</Banner>
      )}
      <div class="hl-split">
        <Experiments
          experiments={payload?.experiments ?? NO_ROWS}
          runs={found}
          searching={query !== ''}
          selected={selection.experiment_id}
          onSelect={experiment_id => onSelect({ ...selection, experiment_id })}
        />
        <Table
          label="Runs"
          columns={columns}
          rows={rows}
          rowKey={runKey}
          selected={selection.run_id}
          onSelect={run_id => {
            setComparing(false);
            onSelect({ ...selection, run_id });
          }}
          ticked={ticked}
          onTick={tick}
          look={{ ...view, sort }}
          onLook={look => {
            setSortedFor(query);
            setView({ ...view, ...look });
          }}
          onMove={move}
          empty={emptyText(payload !== null, query !== '', 'No run matches the search.', 'No runs yet. They appear as soon as one is recorded.')}
        />
      </div>
      {ticked.size > 0 && (
        <TickedRuns
          source={source}
          ticked={ticked.size}
          run_ids={tickedRuns.map(runKey)}
          comparing={comparing}
          onCompare={() => setComparing(!comparing)}
          onUntick={() => onSelect({ ...selection, ticked: [] })}
        />
      )}
      {comparing && tickedRuns.length > 1 ? (
        <Compare source={source} runs={tickedRuns} chief={best?.key ?? chief} />
      ) : (
        <Selected
          source={source}
          run={all.find(each => each.run_id === selection.run_id)}
          run_id={selection.run_id}
          isGone={payload !== null && all.length >= payload.total}
          onOpenRun={run_id => onSelect({ ...selection, run_id })}
        />
      )}
    </section>
  );
}

function runKey(run: RunRow): string {
  return run.run_id;
}

/** How many of how many; while older runs are still being read, of how many there are. */
function countText(shown: number, read: number, total: number): string {
  if (read < total) return `${whole(shown)} of ${whole(total)} runs`;
  return shown === read ? count(read, 'run') : `${whole(shown)} of ${count(read, 'run')}`;
}

/** The experiments that are looked at, what is recorded of their runs, and the metric that ranks these. */
function useScope(payload: ExperimentsPayload | null, experiment_id: string) {
  return useMemo(() => {
    const isIn = (each: { experiment_id: string }) => !experiment_id || each.experiment_id === experiment_id;
    const experiments = (payload?.experiments ?? NO_ROWS).filter(isIn);
    const all = payload?.runs ?? NONE;
    const runs = experiment_id ? all.filter(isIn) : all;
    return { experiments, runs: summary(runs), chief: primaryOf(experiments, runs) };
  }, [payload?.experiments, payload?.runs, experiment_id]);
}

/** All columns that there are, and the keys of those to show. */
function useColumns(all: readonly RunRow[], runs: Summary, view: RunView, chief: MetricKey | null, several: boolean) {
  const known = useMemo(() => summary(all).keys.map(each => each.key), [all]);
  const choices = useMemo(() => {
    const metrics = known.map(key => ({ key: columnKey(key), label: title(key) }));
    return inOrder(PLAIN_COLUMNS.map(([{ key, label }]) => ({ key, label })), metrics);
  }, [known]);
  const first = useMemo(() => firstColumns(runs, chief), [runs, chief]);
  const shown = view.columns
    ? withSources(view.columns, known)
    : [
        ...PLAIN_COLUMNS.flatMap(([{ key }, isFirst]) => (isFirst || (several && key === 'experiment') ? key : [])),
        ...first.map(columnKey)
      ];
  return { choices, shown };
}

interface SelectedProps {
  source: Source<ExperimentsPayload>;
  run: RunRow | undefined;
  run_id: string;
  /** Whether a run that is not among the rows is in the store no more. */
  isGone: boolean;
  onOpenRun(run_id: string): void;
}

function Selected({ source, run, run_id, isGone, onOpenRun }: SelectedProps) {
  const gone = !run && isGone;
  const { value, waiting, error } = useLatestDetail<Detail>(source, 'run', 'run_id', gone ? '' : run_id);
  if (!run_id) return <p class="hl-empty hl-details">Select a run to see its details.</p>;
  if (gone) return <p class="hl-empty hl-details">The run is not in the store any more: it was deleted.</p>;
  return (
    <RunDetail
      source={source}
      detail={value}
      waiting={waiting}
      error={error}
      title={run?.name ?? ''}
      charts={false}
      onOpenRun={onOpenRun}
    />
  );
}

function Experiments(props: {
  experiments: ExperimentRow[];
  runs: readonly RunRow[];
  searching: boolean;
  selected: string;
  onSelect(experiment_id: string): void;
}) {
  const { experiments, runs, searching } = props;
  const rows = useMemo(() => {
    const counts = new Map<string, number>();
    for (const run of runs) counts.set(run.experiment_id, (counts.get(run.experiment_id) ?? 0) + 1);
    return [
      { id: '', label: 'All experiments', count: runs.length },
      ...experiments
        .map(each => ({ id: each.experiment_id, label: each.experiment_id, count: counts.get(each.experiment_id) ?? 0 }))
        .filter(each => !searching || each.count > 0)
    ];
  }, [experiments, runs, searching]);
  return (
    <Table
      label="Experiments"
      columns={EXPERIMENT_COLUMNS}
      rows={rows}
      rowKey={row => row.id}
      selected={props.selected}
      onSelect={props.onSelect}
    />
  );
}

const EXPERIMENT_COLUMNS: Column<{ id: string; label: string; count: number }>[] = [
  { key: 'label', label: 'Experiment', track: 'minmax(60px, 1fr)', least: 60, value: row => row.label },
  { key: 'count', label: 'Runs', track: '44px', least: 44, numeric: true, value: row => row.count }
];
