/** Experiments and their runs; ticked ones are compared in the notebook. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { hasAllRuns } from '../../contract/decode';
import type { ExperimentsPayload, RunRow } from '../../contract/types.gen';
import type { LongSource } from '../../rpc/source';
import { Button } from '../../ui/controls/ControlButton';
import { whole } from '../../ui/format';
import { isSearch } from '../../ui/search';
import { Table } from '../../ui/Table';
import { primaryOf } from '../ranking';
import type { Actions, Reveal } from './actions';
import { runColumns } from './columns';
import { Part, SelectionBar } from './Part';

interface Props {
  source: LongSource<ExperimentsPayload>;
  payload: ExperimentsPayload;
  found: readonly RunRow[];
  ordered: boolean;
  query: string;
  actions: Actions;
  reveal: Reveal | null;
}

const ALL = '';

/** The ids of those of some runs that are still there, in the order in which they were made. */
function oldestFirst(runs: readonly RunRow[], ids: readonly string[]): string[] {
  const there = runs.filter(run => ids.includes(run.run_id));
  return there.toSorted((a, b) => (a.created_at < b.created_at ? -1 : 1)).map(run => run.run_id);
}

export function RunsPart({ source, payload, found, ordered, query, actions, reveal }: Props) {
  const [experiment, setExperiment] = useState(ALL);
  const [selected, select] = useState('');
  const [ticked, setTicked] = useState<readonly string[]>([]);
  const runs = useMemo(() => {
    const shown = found.filter(run => !experiment || run.experiment_id === experiment);
    return ordered || isSearch(query) ? shown : shown.toReversed();
  }, [found, ordered, experiment, query]);
  const chief = useMemo(() => {
    const isIn = (each: { experiment_id: string }) => experiment === ALL || each.experiment_id === experiment;
    return primaryOf(payload.experiments.filter(isIn), payload.runs.filter(isIn));
  }, [payload, experiment]);
  const columns = useMemo(() => runColumns(runs, chief), [runs, chief]);
  const chosen = useMemo(() => oldestFirst(payload.runs, ticked), [payload, ticked]);
  const isPart = !hasAllRuns(payload);
  const looking = isPart && (query !== '' || experiment !== ALL); // what is looked for may be older
  useEffect(() => {
    if (looking) void source.older();
  }, [looking, source, payload]);
  const open = (run_id: string) => actions.openRun(run_id, runs.find(run => run.run_id === run_id)?.name ?? 'Run');
  const tick = (id: string) => setTicked(chosen.includes(id) ? chosen.filter(other => other !== id) : [...chosen, id]);

  return (
    <Part
      name="runs"
      title="Runs"
      count={isPart && !looking ? `${whole(runs.length)} of ${whole(payload.total)}` : whole(runs.length)}
      reveal={reveal}
      insert={experiment ? `Insert a monitor of ${experiment}` : 'Insert an experiment monitor'}
      onInsert={() => actions.insertMonitor('ExperimentMonitor', experiment ? [experiment] : [])}
    >
      {payload.experiments.length > 1 && (
        <select
          class="hl-select hl-experiment"
          aria-label="Experiment"
          value={experiment}
          onChange={event => setExperiment(event.currentTarget.value)}
        >
          <option value={ALL}>All {payload.experiments.length} experiments</option>
          {payload.experiments.map(each => (
            <option key={each.experiment_id} value={each.experiment_id}>
              {each.experiment_id}
            </option>
          ))}
        </select>
      )}
      <Table
        label="Runs"
        columns={columns}
        rows={runs}
        rowKey={run => run.run_id}
        selected={selected}
        onSelect={select}
        onOpen={open}
        clickOpens
        ticked={new Set(chosen)}
        onTick={tick}
        empty={looking ? 'Looking further back …' : payload.runs.length ? 'No run matches.' : 'No runs yet. A tracked fit appears here while it runs.'}
      />
      {isPart && <Older source={source} payload={payload} looking={looking} />}
      {chosen.length > 0 && (
        <SelectionBar label="Ticked runs">
          <Button
            tone="chief"
            disabled={chosen.length < 2}
            title="Insert code that compares the ticked runs"
            onClick={() => actions.insertComparison(chosen)}
          >
            Compare {chosen.length}
          </Button>
          <Button onClick={() => setTicked([])}>Untick</Button>
          {chosen.length < 2 && <small>Tick another run to compare.</small>}
        </SelectionBar>
      )}
    </Part>
  );
}

interface OlderProps {
  source: LongSource<ExperimentsPayload>;
  payload: ExperimentsPayload;
  looking: boolean;
}

/** That there are older runs: a search goes through them by itself, else they come when they are asked for. */
function Older({ source, payload, looking }: OlderProps) {
  const read = `${whole(payload.runs.length)} of ${whole(payload.total)}`;
  if (looking) {
    return (
      <p class="hl-older" role="status">
        Looking further back: {read} runs read.
      </p>
    );
  }
  return (
    <p class="hl-older">
      <button type="button" class="hl-link" onClick={() => void source.older()}>
        Show older runs
      </button>
      <small>{read} shown</small>
    </p>
  );
}
