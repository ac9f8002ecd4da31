/** All that is known of one run, in tabs. */
import { toNumber } from '../contract/decode';
import type { Importance, ModelLink, RunDetail as Detail, RunLink, SignatureTables } from '../contract/types.gen';
import type { Answerer } from '../rpc/source';
import { ConfusionMatrix, LineChart } from '../ui/charts';
import { ControlButton } from '../ui/controls/ControlButton';
import { number } from '../ui/format';
import { Facts, GridTable, Section } from '../ui/parts';
import { Pill } from '../ui/Pill';
import { type Tab, Tabs } from '../ui/Tabs';
import { Artifacts } from './Artifacts';
import { Headline, MetricTable } from './MetricTable';
import { Notes, Tags } from './Remarks';
import { RunLog } from './RunLog';
import { Searches } from './Searches';
import './runs.css';

interface Props {
  source: Answerer;
  detail: Detail | null;
  waiting: boolean;
  error: string;
  title: string;
  /** Whether to draw the curves of classifiers here; a cell has them beneath. */
  charts: boolean;
  onOpenRun(run_id: string, name: string): void;
}

export function RunDetail({ source, detail, waiting, error, title, charts, onOpenRun }: Props) {
  return (
    <section class="hl-details" aria-label={`Run ${title}`} aria-busy={waiting}>
      <header class="hl-title">
        <h3>{detail?.run.name ?? title}</h3>
        {detail && <Pill word={detail.run.status} progress={detail.run.progress} />}
        {detail && <Headline detail={detail} />}
        {detail && <small>{detail.run.experiment_id}</small>}
        {waiting && !detail && <small role="status">Reading …</small>}
        {detail && (
          <span class="hl-controls hl-right">
            <ControlButton
              key={detail.run.run_id}
              source={source}
              name="run.delete"
              args={{ run_ids: JSON.stringify([detail.run.run_id]) }}
              tone="grave"
              confirm={{
                question: `Delete ${detail.run.name} and all that is recorded of it? This cannot be undone.`,
                yes: 'Delete'
              }}
              disabled={detail.run.status === 'ACTIVE'}
              title={detail.run.status === 'ACTIVE' ? 'A run can be deleted once it has ended' : ''}
            >
              Delete run
            </ControlButton>
          </span>
        )}
      </header>
      {error && <p class="hl-empty">{error}</p>}
      {detail && <Tabs label="Parts of the run" tabs={tabs(source, detail, charts, onOpenRun)} />}
    </section>
  );
}

function count(items: readonly unknown[]): string | undefined {
  return items.length ? String(items.length) : undefined;
}

function tabs(source: Answerer, detail: Detail, charts: boolean, onOpenRun: Props['onOpenRun']): Tab[] {
  const curves: Tab = {
    name: 'Charts',
    draw: () => (
      <div class="hl-charts">
        {detail.curves.map(curve => (
          <LineChart key={curve.key} curve={curve} />
        ))}
        {detail.confusion && <ConfusionMatrix confusion={detail.confusion} />}
        {!detail.curves.length && !detail.confusion && <p class="hl-empty">No curves are recorded.</p>}
      </div>
    )
  };
  const tried = detail.searches.reduce((most, search) => Math.max(most, search.total), 0);
  return [
    { name: 'Overview', draw: () => <Overview source={source} detail={detail} onOpenRun={onOpenRun} /> },
    {
      name: 'Parameters',
      note: count(detail.parameters),
      draw: () => (
        <>
          <Section title="Optimal, chosen by the search" hidden={!detail.optimal.length}>
            <Facts facts={detail.optimal} empty="" />
          </Section>
          <Section title="As given" hidden={!detail.optimal.length || !detail.parameters.length} />
          <Facts facts={detail.parameters} empty="No parameters are recorded." />
        </>
      )
    },
    { name: 'Metrics', note: count(detail.metrics), draw: () => <MetricTable metrics={detail.metrics} /> },
    { name: 'Learning curves', note: count(detail.learning), draw: () => <Learning detail={detail} /> },
    {
      name: 'Search',
      note: tried ? String(tried) : undefined,
      draw: () => <Searches searches={detail.searches} />
    },
    ...(charts ? [curves] : []),
    { name: 'Dataset', draw: () => <Facts facts={detail.dataset} empty="No dataset is recorded." /> },
    {
      name: 'Columns',
      note: count(detail.columns.rows),
      draw: () => <GridTable grid={detail.columns} empty="No columns are recorded." />
    },
    { name: 'Importance', note: count(detail.importance), draw: () => <Bars bars={detail.importance} /> },
    { name: 'Signature', draw: () => <Signature signature={detail.signature} /> },
    {
      name: 'Environment and code',
      draw: () => (
        <div class="hl-signature">
          <Section title="Code">
            <Facts facts={detail.code} empty="No code is recorded." />
          </Section>
          <Section title="Environment">
            <Facts facts={detail.environment} empty="No environment is recorded." />
          </Section>
        </div>
      )
    },
    {
      name: 'Artifacts',
      note: count(detail.artifacts),
      draw: () => <Artifacts source={source} run_id={detail.run.run_id} artifacts={detail.artifacts} />
    },
    {
      name: 'Log',
      note: String(detail.log_total),
      draw: () => (
        <RunLog key={detail.run.run_id} source={source} run_id={detail.run.run_id} end={detail.log} total={detail.log_total} />
      )
    }
  ];
}

interface OverviewProps {
  source: Answerer;
  detail: Detail;
  onOpenRun: Props['onOpenRun'];
}

function Overview({ source, detail, onOpenRun }: OverviewProps) {
  const { parent, children, jobs, models } = detail;
  const { run_id } = detail.run;
  return (
    <div class="hl-signature">
      <Facts facts={detail.overview} empty="" />
      <div>
        <Section title="Notes">
          <Notes key={run_id} source={source} run_id={run_id} notes={detail.notes} isWhole={detail.notes_whole} />
        </Section>
        <Section title="Tags">
          <Tags key={run_id} source={source} run_id={run_id} tags={detail.tags} />
        </Section>
        <Section title="Stored as" hidden={!models.length}>
          <Models models={models} />
        </Section>
        <Section title="Made by job" hidden={!jobs.length}>
          <ul class="hl-links">
            {jobs.map(job => (
              <li key={job.job_id}>
                {job.job_id} of task {job.task_id} <Pill word={job.status} />
              </li>
            ))}
          </ul>
        </Section>
        <Section title="Within" hidden={!parent}>
          {parent && <Runs runs={[parent]} onOpenRun={onOpenRun} />}
        </Section>
        <Section title="Runs within it" hidden={!children.length}>
          <Runs runs={children} onOpenRun={onOpenRun} />
        </Section>
      </div>
    </div>
  );
}

function Models({ models }: { models: ModelLink[] }) {
  return (
    <ul class="hl-links">
      {models.map(model => (
        <li key={`${model.name} ${model.version}`}>
          <span>
            {model.name}, version {model.version}
          </span>
          <span>
            {model.aliases.map(alias => (
              <span class="hl-tag" key={alias}>
                {alias}
              </span>
            ))}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Runs({ runs, onOpenRun }: { runs: RunLink[]; onOpenRun: Props['onOpenRun'] }) {
  return (
    <ul class="hl-links">
      {runs.map(run => (
        <li key={run.run_id}>
          <button type="button" class="hl-link" onClick={() => onOpenRun(run.run_id, run.name)}>
            {run.name}
          </button>
          <Pill word={run.status} />
        </li>
      ))}
    </ul>
  );
}

function Learning({ detail }: { detail: Detail }) {
  const { learning, learning_total: total } = detail;
  if (!learning.length) return <p class="hl-empty">No metric has more than one step.</p>;
  return (
    <>
      {learning.length < total && (
        <p class="hl-empty">
          The first {learning.length} of {total}.
        </p>
      )}
      <div class="hl-charts">
        {learning.map(chart => (
          <figure key={chart.title} class="hl-learning">
            <LineChart curve={chart} />
            <figcaption>{chart.summary}</figcaption>
          </figure>
        ))}
      </div>
    </>
  );
}

function Bars({ bars }: { bars: Importance[] }) {
  if (!bars.length) return <p class="hl-empty">No importance is recorded.</p>;
  const values = bars.map(bar => toNumber(bar.value));
  const most = Math.max(...values.filter(Number.isFinite).map(Math.abs), 0) || 1;
  return (
    <table class="hl-bars">
      <tbody>
        {bars.map((bar, i) => (
          <tr key={bar.name}>
            <th scope="row">{bar.name}</th>
            <td>
              <span class="hl-fill" style={{ width: `${(100 * Math.abs(values[i]!)) / most || 0}%` }} />
            </td>
            <td class="hl-number">{number(values[i]!)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Signature({ signature }: { signature: SignatureTables }) {
  const { properties, inputs, outputs, parameters } = signature;
  if (!properties.length && !inputs.rows.length && !outputs.rows.length) {
    return <p class="hl-empty">No signature is recorded.</p>;
  }
  return (
    <div class="hl-signature">
      <Facts facts={properties} empty="" />
      <GridTable grid={inputs} caption="Input, with what training saw" empty="" />
      <GridTable grid={outputs} caption="Output" empty="" />
      {parameters.rows.length > 0 && <GridTable grid={parameters} caption="Parameters" empty="" />}
    </div>
  );
}
