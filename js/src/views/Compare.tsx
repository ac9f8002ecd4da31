/** Several runs side by side: their metrics, one metric across runs, curves, parameters and data. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { RunDetail, RunRow } from '../contract/types.gen';
import type { Answerer } from '../rpc/source';
import { LineChart } from '../ui/charts';
import { metric as written, shortMoment } from '../ui/format';
import { Tabs } from '../ui/Tabs';
import { BestValue } from './columns';
import { acrossRuns, columnFacts, metricRows, type NamedDetail, overlaid, type Row, sideBySide } from './comparison';
import { keyOf, keyText, label, type MetricKey, same, summary } from './ranking';

/** So many runs have room side by side, and as lines in one chart; a metric over time takes all. */
const MOST = 8;
const NO_CHART = { chart: { title: '', x_label: '', y_label: '', series: [] }, places: [] };

interface Props {
  source: Answerer;
  /** In the order of time. */
  runs: RunRow[];
  /** The metric that ranks runs; chosen first. */
  chief: MetricKey | null;
}

export function Compare({ source, runs, chief }: Props) {
  const compared = useMemo(() => runs.slice(-MOST), [runs]);
  const keys = useMemo(() => summary(runs).keys.map(each => each.key), [runs]);
  const { details, error } = useDetails(source, compared);
  const all = details.length === compared.length ? details : null;
  const reading = <p class="hl-empty">{error || 'Reading …'}</p>;
  const table = (rows: (detail: RunDetail) => ReturnType<typeof columnFacts>, empty: string) => () =>
    all ? <Differences runs={compared} rows={sideBySide(all.map(each => rows(each.detail)))} empty={empty} /> : reading;
  return (
    <section class="hl-details" aria-label={`Comparison of ${runs.length} runs`}>
      <header class="hl-title">
        <h3>{runs.length} runs compared</h3>
        {compared.length < runs.length && <small>side by side the newest {MOST}</small>}
      </header>
      <Tabs
        label="Parts of the comparison"
        tabs={[
          { name: 'Metrics', note: String(keys.length), draw: () => <Metrics runs={compared} keys={keys} chief={chief} /> },
          { name: 'Across runs', draw: () => <AcrossRuns runs={runs} keys={keys} chief={chief} /> },
          { name: 'Curves', draw: () => (all ? <Curves details={all} /> : reading) },
          {
            name: 'Parameters',
            draw: table(detail => [...detail.optimal.map(prefixed('Optimal')), ...detail.parameters], 'No parameters are recorded.')
          },
          { name: 'Data', draw: table(detail => [...detail.dataset, ...columnFacts(detail)], 'No dataset is recorded.') },
          {
            name: 'Environment and code',
            draw: table(detail => [...detail.code, ...detail.environment], 'Nothing is recorded.')
          },
          { name: 'Tags', draw: table(detail => detail.tags, 'No tags.') }
        ]}
      />
    </section>
  );
}

function prefixed(word: string) {
  return (fact: { name: string; value: string }) => ({ name: `${word} ${fact.name}`, value: fact.value });
}

/** The details of runs; those that are known stay while others are asked for. */
function useDetails(source: Answerer, runs: readonly RunRow[]): { details: NamedDetail[]; error: string } {
  const [known, setKnown] = useState<Record<string, RunDetail>>({});
  const [error, setError] = useState('');
  const key = runs.map(run => `${run.run_id} ${run.revision}`).join('\n');
  useEffect(() => {
    let current = true;
    setError('');
    for (const { run_id, revision } of runs) {
      if (known[run_id]?.run.revision === revision) continue;
      source.request<RunDetail>('run', { run_id }).then(
        detail => current && setKnown(old => ({ ...old, [run_id]: detail })),
        (failure: Error) => current && setError(failure.message)
      );
    }
    return () => {
      current = false;
    };
  }, [source, key]);
  const details = runs.flatMap(run => {
    const detail = known[run.run_id];
    return detail ? [{ name: run.name, detail }] : [];
  });
  return { details, error };
}

function RunHeads({ runs, first }: { runs: readonly RunRow[]; first: string }) {
  return (
    <thead>
      <tr>
        <th scope="col">{first}</th>
        {runs.map(run => (
          <th scope="col" key={run.run_id} title={`${run.experiment_id}/${run.name}`}>
            {run.name}
            <br />
            <small>{shortMoment(run.created_at)}</small>
          </th>
        ))}
      </tr>
    </thead>
  );
}

interface MetricsProps {
  runs: RunRow[];
  keys: MetricKey[];
  chief: MetricKey | null;
}

function Metrics({ runs, keys, chief }: MetricsProps) {
  if (!keys.length) return <p class="hl-empty">No metrics are recorded.</p>;
  return (
    <table class="hl-grid hl-side-by-side">
      <RunHeads runs={runs} first="Metric" />
      <tbody>
        {metricRows(runs, keys, chief).map(row => (
          <tr
            key={row.label}
            class={`${new Set(row.values.map(each => each.value)).size > 1 ? 'hl-differs' : ''}${row.isOfTraining ? ' hl-dim' : ''}`}
          >
            <th scope="row">
              {row.label} {row.note && <small>{row.note}</small>}
            </th>
            {row.values.map(({ value, source }, i) => (
              <td key={runs[i]!.run_id} class="hl-number">
                {row.best?.run_id === runs[i]!.run_id ? (
                  <BestValue text={row.best.text}>
                    <b>{written(value)}</b>
                  </BestValue>
                ) : (
                  written(value)
                )}
                {source && <small> {source}</small>}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Differences({ runs, rows, empty }: { runs: RunRow[]; rows: Row[]; empty: string }) {
  const [only, setOnly] = useState(false);
  const differing = rows.filter(row => row.differs);
  if (!rows.length) return <p class="hl-empty">{empty}</p>;
  return (
    <>
      <label class="hl-only">
        <input type="checkbox" checked={only} onChange={event => setOnly(event.currentTarget.checked)} />
        Only what differs: {differing.length} of {rows.length}
      </label>
      <table class="hl-grid hl-side-by-side">
        <RunHeads runs={runs} first="" />
        <tbody>
          {(only ? differing : rows).map(row => (
            <tr key={row.name} class={row.differs ? 'hl-differs' : ''}>
              <th scope="row">{row.name}</th>
              {row.values.map((value, i) => (
                <td key={runs[i]!.run_id}>{value || <small>–</small>}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function AcrossRuns({ runs, keys, chief }: MetricsProps) {
  const [chosen, setChosen] = useState(chief);
  const key = keys.find(each => same(each, chosen)) ?? keys[0];
  const { chart, places } = useMemo(() => (key ? acrossRuns(runs, key) : NO_CHART), [runs, key && keyText(key)]);
  if (!key) return <p class="hl-empty">No metrics are recorded.</p>;
  const choose = (text: string) => {
    const { name, source } = keyOf(text);
    if (source) setChosen({ name, source });
  };
  return (
    <>
      <label class="hl-only">
        Metric{' '}
        <select value={keyText(key)} onChange={event => choose(event.currentTarget.value)}>
          {keys.map(each => (
            <option key={keyText(each)} value={keyText(each)}>
              {label(each)}
            </option>
          ))}
        </select>
      </label>
      <div class="hl-charts">
        {places.length ? <LineChart curve={chart} places={places} width={640} /> : <p class="hl-empty">No run has a number for it.</p>}
      </div>
    </>
  );
}

function Curves({ details }: { details: NamedDetail[] }) {
  const charts = useMemo(() => overlaid(details), [details]);
  if (!charts.length) return <p class="hl-empty">No curves are recorded.</p>;
  return (
    <div class="hl-charts">
      {charts.map(chart => (
        <LineChart key={chart.title} curve={chart} />
      ))}
    </div>
  );
}
