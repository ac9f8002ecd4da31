/** Experiments and their runs, live, with the details of one run. */
import { useId, useMemo, useRef, useState } from 'preact/hooks';
import type { ExperimentRow, ExperimentsPayload, RunDetail as Detail, RunRow } from '../contract/types.gen';
import type { Source } from '../rpc/source';
import { count } from '../ui/format';
import { useLatestDetail, useSource } from '../ui/hooks';
import { Badge, Banner, Problem, RUN_SEARCH, Search } from '../ui/parts';
import { useFoundRuns } from '../ui/search';
import { type Column, Table } from '../ui/Table';
import { runColumns } from './columns';
import { defaultMetrics, metricNames } from './metrics';
import { RunDetail } from './RunDetail';

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
const NEWEST_FIRST = { key: 'created', descending: true };
const runText = (run: RunRow) => `${run.name} ${run.experiment_id} ${run.dataset_name} ${run.status} ${run.owner}`;

export function ExperimentView({ source, selection, onSelect, onCancel }: Props) {
  const { payload, status } = useSource(source);
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState<string[] | null>(null);
  const all = payload?.runs ?? NONE;
  const { runs: found, ordered, error } = useFoundRuns(source, all, query, runText);
  const problem = useId();
  const inExperiment = useMemo(
    () => (selection.experiment_id ? found.filter(run => run.experiment_id === selection.experiment_id) : found),
    [found, selection.experiment_id]
  );
  const names = useMemo(() => metricNames(all), [all]);
  const several = !selection.experiment_id && (payload?.experiments.length ?? 0) > 1;
  const shown = chosen ?? defaultMetrics(all);
  const columns = useMemo(
    () => runColumns(shown, several),
    [shown.join('\n'), several]
  );
  const ticked = useMemo(() => new Set(selection.ticked), [selection.ticked]);
  const run = all.find(each => each.run_id === selection.run_id);

  const tick = (run_id: string) => {
    const next = new Set(ticked);
    if (!next.delete(run_id)) next.add(run_id);
    onSelect({ ...selection, ticked: [...next] });
  };

  return (
    <section class="hl-view" aria-label="Experiment Monitor">
      <header class="hl-bar">
        <h2>Experiment Monitor</h2>
        <Search
          value={query}
          onInput={setQuery}
          label="Search runs"
          hint={RUN_SEARCH}
          problem={error && problem}
        />
        <small aria-live="polite" class="hl-count">
          {inExperiment.length === all.length ? count(all.length, 'run') : `${inExperiment.length} of ${count(all.length, 'run')}`}
          {ticked.size > 0 && `, ${ticked.size} ticked`}
        </small>
        <MetricChoice names={names} shown={shown} onChoose={setChosen} />
        <Badge status={status} />
        {status.word !== 'cancelled' && (
          <button type="button" class="hl-button" title="Stop watching; nothing else is stopped" onClick={onCancel}>
            Cancel
          </button>
        )}
      </header>
      {error && <Problem id={problem}>{error}</Problem>}
      {status.word === 'lost' && <Banner>{status.text}</Banner>}
      {payload && payload.absent.length > 0 && (
        <Banner>Not recorded yet: {payload.absent.join(', ')}. It will appear here once it is.</Banner>
      )}
      <div class="hl-split">
        <Experiments
          experiments={payload?.experiments ?? []}
          runs={found}
          searching={query !== ''}
          selected={selection.experiment_id}
          onSelect={experiment_id => onSelect({ ...selection, experiment_id })}
        />
        <Table
          key={ordered ? 'as found' : 'sorted'}
          label="Runs"
          columns={columns}
          rows={inExperiment}
          rowKey={each => each.run_id}
          selected={selection.run_id}
          onSelect={run_id => onSelect({ ...selection, run_id })}
          ticked={ticked}
          onTick={tick}
          sort={ordered ? undefined : NEWEST_FIRST}
          empty={query ? 'No run matches the search.' : 'No runs yet. They appear as soon as one is recorded.'}
        />
      </div>
      <Selected source={source} run={run} onOpenRun={run_id => onSelect({ ...selection, run_id })} />
    </section>
  );
}

interface SelectedProps {
  source: Source<ExperimentsPayload>;
  run: RunRow | undefined;
  onOpenRun(run_id: string): void;
}

function Selected({ source, run, onOpenRun }: SelectedProps) {
  const { value, waiting, error } = useLatestDetail<Detail>(source, 'run', 'run_id', run?.run_id ?? '');
  if (!run) return <p class="hl-empty hl-details">Select a run to see its details.</p>;
  return <RunDetail detail={value} waiting={waiting} error={error} title={run.name} charts={false} onOpenRun={onOpenRun} />;
}

function Experiments(props: {
  experiments: ExperimentRow[];
  runs: readonly RunRow[];
  searching: boolean;
  selected: string;
  onSelect(experiment_id: string): void;
}) {
  const counts = new Map<string, number>();
  for (const run of props.runs) counts.set(run.experiment_id, (counts.get(run.experiment_id) ?? 0) + 1);
  const rows = [
    { id: '', label: 'All experiments', count: props.runs.length },
    ...props.experiments
      .map(each => ({ id: each.experiment_id, label: each.experiment_id, count: counts.get(each.experiment_id) ?? 0 }))
      .filter(each => !props.searching || each.count > 0)
  ];
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

function MetricChoice({
  names,
  shown,
  onChoose
}: {
  names: string[];
  shown: string[];
  onChoose(names: string[]): void;
}) {
  const details = useRef<HTMLDetailsElement>(null);
  const close = () => {
    details.current!.open = false;
  };
  if (!names.length) return null;
  return (
    <details
      class="hl-choice"
      ref={details}
      onKeyDown={event => event.key === 'Escape' && close()}
      onFocusOut={event => !details.current!.contains(event.relatedTarget as Node | null) && close()}
    >
      <summary class="hl-button">
        Metrics{' '}
        <small>
          {shown.length} of {names.length}
        </small>
      </summary>
      <fieldset tabIndex={-1}>
        <legend>Columns to show</legend>
        {names.map(name => (
          <label key={name}>
            <input
              type="checkbox"
              checked={shown.includes(name)}
              onChange={event =>
                onChoose(names.filter(each => (each === name ? event.currentTarget.checked : shown.includes(each))))
              }
            />
            {name}
          </label>
        ))}
      </fieldset>
    </details>
  );
}
