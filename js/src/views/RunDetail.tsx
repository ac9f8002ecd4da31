/** All that is known of one run, in tabs. */
import { toNumber } from '../contract/decode';
import type { Importance, LogRow, RunDetail as Detail, SignatureTables } from '../contract/types.gen';
import { ConfusionMatrix, LineChart } from '../ui/charts';
import { moment, number } from '../ui/format';
import { Facts, GridTable } from '../ui/parts';
import { Pill } from '../ui/Pill';
import { type Tab, Tabs } from '../ui/Tabs';

interface Props {
  detail: Detail | null;
  waiting: boolean;
  error: string;
  title: string;
  /** Whether to draw curves here; a cell has them beneath. */
  charts: boolean;
}

export function RunDetail({ detail, waiting, error, title, charts }: Props) {
  return (
    <section class="hl-details" aria-label={`Run ${title}`} aria-busy={waiting}>
      <header class="hl-title">
        <h3>{detail?.run.name ?? title}</h3>
        {detail && <Pill word={detail.run.status} progress={detail.run.progress} />}
        {detail && <small>{detail.run.experiment_id}</small>}
        {waiting && !detail && <small role="status">Reading …</small>}
      </header>
      {error && <p class="hl-empty">{error}</p>}
      {detail && <Tabs label="Parts of the run" tabs={tabs(detail, charts)} />}
    </section>
  );
}

function count(items: readonly unknown[]): string | undefined {
  return items.length ? String(items.length) : undefined;
}

function tabs(detail: Detail, charts: boolean): Tab[] {
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
  return [
    { name: 'Overview', draw: () => <Facts facts={detail.overview} empty="" /> },
    {
      name: 'Parameters',
      note: count(detail.parameters),
      draw: () => <Facts facts={detail.parameters} empty="No parameters are recorded." />
    },
    {
      name: 'Metrics',
      note: count(detail.metrics),
      draw: () => <Facts facts={detail.metrics} empty="No metrics are recorded." />
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
    { name: 'Log', note: String(detail.log_total), draw: () => <Log log={detail.log} total={detail.log_total} /> }
  ];
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
      <GridTable grid={inputs} caption="Input" empty="" />
      <GridTable grid={outputs} caption="Output" empty="" />
      {parameters.rows.length > 0 && <GridTable grid={parameters} caption="Parameters" empty="" />}
    </div>
  );
}

function Log({ log, total }: { log: LogRow[]; total: number }) {
  return (
    <>
      {log.length < total && (
        <p class="hl-empty">
          The last {log.length} of {total} entries.
        </p>
      )}
      <table class="hl-grid hl-log">
        <tbody>
          {log.map(row => (
            <tr key={row.seq}>
              <td class="hl-number">{row.seq}</td>
              <td>{moment(row.event_time)}</td>
              <td>{row.event_key}</td>
              <td>{row.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
