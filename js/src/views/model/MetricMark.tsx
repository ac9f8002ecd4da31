/** A metric of one version: its number, and where it and its interval lie among all versions. */
import { toNumber } from '../../contract/decode';
import type { ModelMetric } from '../../contract/types.gen';
import { brief, metric as written } from '../../ui/format';
import type { Span } from './groups';

const WIDTH = 84;
const EDGE = 4;

export function MetricMark({ metric, span }: { metric: ModelMetric | undefined; span: Span | null }) {
  if (!metric) return <span class="hl-muted">–</span>;
  return (
    <span class="hl-metric" title={metricText(metric)}>
      {written(metric.value)}
      {span && metric.low !== null && metric.high !== null && <Whisker metric={metric} span={span} />}
    </span>
  );
}

/** A metric in a sentence: AUC 0.777 (test, 95 % CI 0.69 to 0.85). */
export function metricText({ name, source, value, low, high, no_interval }: ModelMetric): string {
  const none = no_interval && `, no interval: ${no_interval}`;
  const interval = low === null || high === null ? none : `, 95 % CI ${brief(toNumber(low))} to ${brief(toNumber(high))}`;
  return `${name} ${brief(toNumber(value))} (${source}${interval})`;
}

function Whisker({ metric, span }: { metric: ModelMetric; span: Span }) {
  const x = (value: number) => EDGE + ((value - span.low) / (span.high - span.low)) * (WIDTH - 2 * EDGE);
  const [value, low, high] = [metric.value, metric.low!, metric.high!].map(each => x(toNumber(each))) as [number, number, number];
  if (![value, low, high].every(Number.isFinite)) return null;
  return (
    <svg class="hl-metric-span" viewBox={`0 0 ${WIDTH} 14`} role="img" aria-label={metricText(metric)}>
      <line x1={EDGE} x2={WIDTH - EDGE} y1={7} y2={7} class="hl-gridline" />
      <line x1={low} x2={high} y1={7} y2={7} class="hl-interval" />
      <path d={`M${low} 4v6M${high} 4v6`} class="hl-interval" />
      <circle cx={value} cy={7} r={3} />
    </svg>
  );
}
