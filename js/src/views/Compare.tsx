/** Several runs side by side: their metrics, how one metric went over time, curves, parameters and data. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { metricNumber } from '../contract/decode';
import type { RunDetail, RunRow } from '../contract/types.gen';
import type { Answerer } from '../rpc/source';
import { LineChart } from '../ui/charts';
import { metric as written, number, shortMoment } from '../ui/format';
import { Tabs } from '../ui/Tabs';
import { bestOf, columnFacts, type NamedDetail, overlaid, overTime, type Row, sideBySide, spread } from './comparison';
import { metricNames } from './metrics';

/** So many runs have room side by side, and as lines in one chart; a metric over time takes all. */
const MOST = 8;

interface Props {
  source: Answerer;
  /** In the order of time. */
  runs: RunRow[];
  /** The metrics that the table shows: the first is chosen first. */
  metrics: string[];
}

export function Compare({ source, runs, metrics }: Props) {
  const compared = useMemo(() => runs.slice(-MOST), [runs]);
  const names = useMemo(() => metricNames(runs), [runs]);
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
          { name: 'Metrics', note: String(names.length), draw: () => <Metrics runs={compared} names={names} /> },
          { name: 'Over time', draw: () => <OverTime runs={runs} names={names} first={metrics[0] ?? names[0] ?? ''} /> },
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

function Metrics({ runs, names }: { runs: RunRow[]; names: string[] }) {
  if (!names.length) return <p class="hl-empty">No metrics are recorded.</p>;
  return (
    <table class="hl-grid hl-side-by-side">
      <RunHeads runs={runs} first="Metric" />
      <tbody>
        {names.map(name => {
          const values = runs.map(run => metricNumber(run.metrics[name]));
          const best = bestOf(name, values);
          const width = spread(values);
          return (
            <tr key={name} class={new Set(runs.map(run => run.metrics[name])).size > 1 ? 'hl-differs' : ''}>
              <th scope="row">
                {name} {width !== null && width > 0 && <small title="the greatest less the smallest">spread {number(width)}</small>}
              </th>
              {runs.map((run, i) => (
                <td key={run.run_id} class="hl-number">
                  {best.has(i) ? (
                    <b title="the best of these">
                      <span aria-hidden="true">★ </span>
                      {written(run.metrics[name])}
                    </b>
                  ) : (
                    written(run.metrics[name])
                  )}
                </td>
              ))}
            </tr>
          );
        })}
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

function Choice({ label, names, chosen, onChoose }: { label: string; names: string[]; chosen: string; onChoose(name: string): void }) {
  return (
    <label class="hl-only">
      {label}{' '}
      <select value={chosen} onChange={event => onChoose(event.currentTarget.value)}>
        {names.map(name => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

function OverTime({ runs, names, first }: { runs: RunRow[]; names: string[]; first: string }) {
  const [chosen, setChosen] = useState(first);
  const name = names.includes(chosen) ? chosen : (names[0] ?? '');
  const { chart, places } = useMemo(() => overTime(runs, name), [runs, name]);
  if (!name) return <p class="hl-empty">No metrics are recorded.</p>;
  return (
    <>
      <Choice label="Metric" names={names} chosen={name} onChoose={setChosen} />
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
