/** Experiments and their runs; ticked ones are compared in the notebook. */
import { useMemo, useState } from 'preact/hooks';
import type { ExperimentsPayload, RunRow } from '../../contract/types.gen';
import type { Source } from '../../rpc/source';
import { Button } from '../../ui/controls/ControlButton';
import { isSearch } from '../../ui/search';
import { Table } from '../../ui/Table';
import type { Actions, Reveal } from './actions';
import { runColumns } from './columns';
import { Part, SelectionBar } from './Part';

interface Props {
  source: Source<ExperimentsPayload>;
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

export function RunsPart({ payload, found, ordered, query, actions, reveal }: Props) {
  const [experiment, setExperiment] = useState(ALL);
  const [selected, select] = useState('');
  const [ticked, setTicked] = useState<readonly string[]>([]);
  const runs = useMemo(() => {
    const shown = found.filter(run => !experiment || run.experiment_id === experiment);
    return ordered || isSearch(query) ? shown : shown.toReversed();
  }, [found, ordered, experiment, query]);
  const columns = useMemo(() => runColumns(runs), [runs]);
  const chosen = useMemo(() => oldestFirst(payload.runs, ticked), [payload, ticked]);
  const open = (run_id: string) => actions.openRun(run_id, runs.find(run => run.run_id === run_id)?.name ?? 'Run');
  const tick = (id: string) => setTicked(chosen.includes(id) ? chosen.filter(other => other !== id) : [...chosen, id]);

  return (
    <Part
      name="runs"
      title="Runs"
      count={runs.length}
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
        empty={payload.runs.length ? 'No run matches.' : 'No runs yet. A tracked fit appears here while it runs.'}
      />
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
