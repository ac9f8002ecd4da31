/** Everything in one narrow column: runs, models and tasks; a click opens the details. */
import { useId, useMemo, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { ExperimentsPayload, ModelRow, ModelsPayload, RunRow, TasksPayload } from '../contract/types.gen';
import type { Source } from '../rpc/source';
import { useSource } from '../ui/hooks';
import { filterRows } from '../ui/order';
import { Banner, Problem, RUN_SEARCH, Search } from '../ui/parts';
import { isSearch, useFoundRuns } from '../ui/search';
import { type Column, Table } from '../ui/Table';
import { shortRunColumns, shortTaskColumns } from './columns';
import { NoWorker } from './task/Workers';

interface Props {
  experiments: Source<ExperimentsPayload>;
  models: Source<ModelsPayload>;
  tasks: Source<TasksPayload>;
  onOpenRun(run_id: string, name: string): void;
  onOpenTask(task_id: string): void;
}

const ALL = '';
const NONE: RunRow[] = [];
const runText = (run: RunRow) => `${run.name} ${run.experiment_id} ${run.status}`;
const modelText = (model: ModelRow) => `${model.name} ${model.kind} ${model.aliases.join(' ')}`;

export function SidebarView({ experiments, models, tasks, onOpenRun, onOpenTask }: Props) {
  const runState = useSource(experiments);
  const modelState = useSource(models);
  const taskState = useSource(tasks);
  const [query, setQuery] = useState('');
  const [experiment, setExperiment] = useState(ALL);
  const [selected, setSelected] = useState('');
  const { runs: found, ordered, error } = useFoundRuns(experiments, runState.payload?.runs ?? NONE, query, runText);
  const problem = useId();
  const runs = useMemo(() => {
    const shown = found.filter(run => !experiment || run.experiment_id === experiment);
    return ordered || isSearch(query) ? shown : shown.toReversed();
  }, [found, ordered, experiment, query]);
  const words = isSearch(query) ? '' : query; // a search in words is about runs only
  const modelRows = filterRows(modelState.payload?.models ?? [], words, modelText);
  const taskRows = filterRows(taskState.payload?.tasks ?? [], words, task => `${task.task_id} ${task.kind}`);

  if (runState.status.word === 'lost') return <Banner>{runState.status.text}</Banner>;
  if (!runState.payload) return <p class="hl-empty">Reading …</p>;

  const openRun = (run_id: string) => onOpenRun(run_id, runs.find(run => run.run_id === run_id)?.name ?? 'Run');

  return (
    <section class="hl-view hl-side" aria-label="hanalife">
      <header class="hl-bar">
        <Search value={query} onInput={setQuery} label="Search" hint={RUN_SEARCH} problem={error && problem} />
      </header>
      {error && <Problem id={problem}>{error}</Problem>}
      {taskState.payload && <NoWorker source={tasks} payload={taskState.payload} />}
      <Part title="Runs" count={runs.length}>
        <select
          aria-label="Experiment"
          value={experiment}
          onChange={event => setExperiment(event.currentTarget.value)}
        >
          <option value={ALL}>All experiments</option>
          {runState.payload.experiments.map(each => (
            <option key={each.experiment_id}>{each.experiment_id}</option>
          ))}
        </select>
        <Table
          label="Runs"
          columns={shortRunColumns}
          rows={runs}
          rowKey={run => run.run_id}
          selected={selected}
          onSelect={setSelected}
          onOpen={openRun}
          clickOpens
          empty="No runs."
        />
      </Part>
      <Part title="Models" count={modelRows.length}>
        <Table
          label="Models"
          columns={MODEL_COLUMNS}
          rows={modelRows}
          rowKey={model => `${model.name} ${model.version}`}
          selected={selected}
          onSelect={setSelected}
          empty="No stored models."
        />
      </Part>
      <Part title="Tasks" count={taskRows.length}>
        <Table
          label="Tasks"
          columns={shortTaskColumns}
          rows={taskRows}
          rowKey={task => task.task_id}
          selected={selected}
          onSelect={setSelected}
          onOpen={onOpenTask}
          clickOpens
          empty="No tasks."
        />
      </Part>
      <footer class="hl-foot" title={runState.payload.database}>
        {runState.payload.database}
      </footer>
    </section>
  );
}

function Part({ title, count, children }: { title: string; count: number; children: ComponentChildren }) {
  return (
    <details class="hl-part" open>
      <summary>
        {title} <small>{count}</small>
      </summary>
      {children}
    </details>
  );
}

const MODEL_COLUMNS: Column<ModelRow>[] = [
  { key: 'name', label: 'Model', track: 'minmax(70px, 1fr)', least: 70, value: model => model.name },
  {
    key: 'version',
    label: 'Version',
    track: '54px',
    least: 54,
    numeric: true,
    value: model => model.version
  },
  {
    key: 'aliases',
    label: 'Aliases',
    track: 'minmax(90px, 1.3fr)',
    least: 90,
    value: model => model.aliases.join(', '),
    draw: model => (
      <span title={model.aliases.join(', ')}>
        {model.aliases.map(alias => (
          <span class="hl-tag" key={alias}>
            {alias}
          </span>
        ))}
      </span>
    )
  }
];
