/** Everything in one narrow column: the database, runs, models, tasks and drift alerts; a click opens the details. */
import { useId, useState } from 'preact/hooks';
import type { AlertsPayload, ConnectionRow, ExperimentsPayload, ModelsPayload, RunRow, TasksPayload } from '../../contract/types.gen';
import type { LongSource, Source } from '../../rpc/source';
import { Button } from '../../ui/controls/ControlButton';
import { useSource } from '../../ui/hooks';
import { Banner, Problem, RUN_SEARCH, Search } from '../../ui/parts';
import { isSearch, useFoundRuns } from '../../ui/search';
import { NoWorker } from '../task/Workers';
import type { Actions, Reveal } from './actions';
import { ConnectionChoice } from './ConnectionChoice';
import { DriftPart } from './DriftPart';
import { ModelsPart } from './ModelsPart';
import { RunsPart } from './RunsPart';
import { TasksPart } from './TasksPart';
import './sidebar.css';

export interface Sources {
  experiments: LongSource<ExperimentsPayload>;
  models: Source<ModelsPayload>;
  tasks: Source<TasksPayload>;
  alerts: Source<AlertsPayload>;
}

interface Props {
  connections: ConnectionRow[];
  chosen: string;
  /** Why the settings were not taken. */
  problem: string;
  workerAllowed: boolean;
  onChoose(name: string): void;
  /** Something was changed; ask anew. */
  onChanged(): void;
  sources: Sources;
  actions: Actions;
  reveal: Reveal | null;
}

export function SidebarView({ connections, chosen, problem, onChoose, actions, ...rest }: Props) {
  const problems = connections.filter(row => row.problem && row.name !== chosen);
  return (
    <section class="hl-view hl-side" aria-label="hanalife">
      <ConnectionChoice rows={connections} chosen={chosen} onChoose={onChoose} onEdit={actions.editSettings} />
      {problem && <Banner>{problem}</Banner>}
      {problems.map(row => (
        <details class="hl-unusable" key={row.name}>
          <summary>{row.name || 'The default database'} cannot be used</summary>
          {row.problem}
        </details>
      ))}
      <Store key={chosen} actions={actions} {...rest} />
      <Foot database={connections.find(row => row.name === chosen)?.database ?? ''} />
    </section>
  );
}

function Foot({ database }: { database: string }) {
  return (
    <footer class="hl-foot" title={database}>
      <bdi>{database}</bdi>
    </footer>
  );
}

type StoreProps = Pick<Props, 'workerAllowed' | 'onChanged' | 'sources' | 'actions' | 'reveal'>;

const NONE: RunRow[] = [];
const runText = (run: RunRow) => `${run.name} ${run.experiment_id} ${run.status}`;

/** What one database holds. */
function Store({ sources, actions, reveal, workerAllowed, onChanged }: StoreProps) {
  const { payload: runs, status } = useSource(sources.experiments);
  const { payload: models } = useSource(sources.models);
  const { payload: tasks } = useSource(sources.tasks);
  const { payload: alerts } = useSource(sources.alerts);
  const [query, setQuery] = useState('');
  const { runs: found, ordered, error } = useFoundRuns(sources.experiments, runs?.runs ?? NONE, query, runText);
  const id = useId();

  if (status.word === 'lost') return <Lost why={status.text} actions={actions} />;
  if (!runs) return <p class="hl-empty hl-rest">Reading …</p>;
  const words = isSearch(query) ? '' : query; // a search in words is about runs only
  const same = { actions, reveal, query: words };
  return (
    <>
      <div class="hl-side-search">
        <Search value={query} onInput={setQuery} label="Search" hint={RUN_SEARCH} problem={error && id} />
      </div>
      {error && <Problem id={id}>{error}</Problem>}
      {tasks && (workerAllowed ? <NoWorker source={sources.tasks} payload={tasks} /> : <NoWorkerElsewhere payload={tasks} />)}
      <div class="hl-side-parts">
        <RunsPart {...same} query={query} source={sources.experiments} payload={runs} found={found} ordered={ordered} />
        {models && <ModelsPart {...same} payload={models} />}
        {tasks && <TasksPart {...same} source={sources.tasks} payload={tasks} onChanged={onChanged} />}
        {alerts && <DriftPart {...same} payload={alerts} />}
      </div>
    </>
  );
}

/** Where no worker may live in the server. */
function NoWorkerElsewhere({ payload }: { payload: TasksPayload }) {
  if (payload.workers.length || !payload.tasks.length) return null;
  return (
    <Banner>
      No worker is running, so nothing that is due will start. Start one in a terminal: <code>hanalife worker</code>
    </Banner>
  );
}

function Lost({ why, actions }: { why: string; actions: Actions }) {
  return (
    <div class="hl-rest">
      <Banner>{why}</Banner>
      <div class="hl-controls hl-selection">
        <Button onClick={actions.insertConnection}>Insert code that connects</Button>
        <Button onClick={actions.editSettings}>Edit connections</Button>
      </div>
    </div>
  );
}
