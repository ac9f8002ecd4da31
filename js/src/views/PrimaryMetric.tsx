/** What the runs of an experiment are ranked by: shown, and chosen for all who look at the experiment. */
import type { ExperimentRow } from '../contract/types.gen';
import type { Answerer } from '../rpc/source';
import { ControlProblem } from '../ui/controls/ControlButton';
import { useControl } from '../ui/controls/useControl';
import { direction, isHeldOut, keyText, label, type MetricKey, type Summary } from './ranking';

interface Props {
  source: Answerer;
  experiment: ExperimentRow;
  /** What is recorded of its runs. */
  runs: Summary;
  /** The metric that ranks them now. */
  chief: MetricKey | null;
}

const AUTOMATIC = '';

export function PrimaryMetric({ source, experiment, runs, chief }: Props) {
  const { busy, error, run, forget } = useControl(source, 'experiment.set_primary_metric');
  const { experiment_id, primary_metric: stored } = experiment;
  const ranking = runs.keys.filter(each => each.runs > 0 && isHeldOut(each.key) && direction(each.key.name));
  const texts = new Map(ranking.map(({ key }) => [keyText(key), label(key)]));
  const chosen = stored && chief ? keyText(chief) : stored;
  if (chosen && !texts.has(chosen)) texts.set(chosen, chief ? label(chief) : `${stored}: no held-out value`);
  if (!texts.size) return null;
  const automatic = stored ? 'automatic' : chief ? `${label(chief)}, automatic` : 'none has a held-out value';
  return (
    <label class="hl-primary-metric" title="Ranks the runs of this experiment; stored with it for everybody">
      Primary metric:{' '}
      <select
        class="hl-select"
        value={chosen}
        aria-busy={busy}
        onChange={event => void run({ experiment_id, metric: event.currentTarget.value })}
      >
        <option value={AUTOMATIC}>{automatic}</option>
        {[...texts].map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      {error && <ControlProblem onForget={forget}>{error}</ControlProblem>}
    </label>
  );
}
