/** An effect with its interval on a line, and the minimum that it is judged by. */
import { toNumber } from '../../contract/decode';
import type { DriftMeasure, VerdictWord } from '../../contract/types.gen';
import { brief, interval, measureName } from './words';

const WIDTH = 420;
const EDGE = 14;
const LINE = 30;

export function IntervalLine({ effect, verdict }: { effect: DriftMeasure; verdict: VerdictWord }) {
  const minimum = effect.minimum === null ? null : toNumber(effect.minimum);
  const all = [effect.value, effect.low, effect.high].map(toNumber).filter(Number.isFinite);
  if (!all.length) return null;
  const nothing = effect.measure === 'auc' ? 0.5 : 0;
  const low = Math.min(nothing, ...all);
  const high = Math.max(nothing, minimum ?? nothing, ...all) * 1.06 || 1;
  const x = (value: number) => EDGE + ((value - low) / (high - low)) * (WIDTH - 2 * EDGE);
  const [from, to] = [toNumber(effect.low), toNumber(effect.high)];
  return (
    <svg class={`hl-chart hl-effect hl-effect-${verdict}`} viewBox={`0 0 ${WIDTH} 58`} role="img" aria-label={interval(effect)}>
      <title>{interval(effect)}</title>
      {minimum !== null && (
        <>
          <rect class="hl-small-zone" x={x(low)} y={LINE - 11} width={Math.max(0, x(minimum) - x(low))} height={22} />
          <line class="hl-minimum" x1={x(minimum)} x2={x(minimum)} y1={LINE - 15} y2={LINE + 12} />
          <text class="hl-tick-x" x={Math.min(Math.max(x(minimum), 50), WIDTH - 50)} y={11}>
            {`minimum ${brief(effect.minimum!)}`}
          </text>
        </>
      )}
      <line class="hl-gridline" x1={EDGE} x2={WIDTH - EDGE} y1={LINE} y2={LINE} />
      {Number.isFinite(from) && Number.isFinite(to) && (
        <path class="hl-effect-interval" d={`M${x(from)} ${LINE}H${x(to)}M${x(from)} ${LINE - 6}v12M${x(to)} ${LINE - 6}v12`} />
      )}
      <circle cx={x(toNumber(effect.value))} cy={LINE} r={5} />
      <text class="hl-tick-x" x={x(low)} y={54} text-anchor="start">
        {brief(low)}
      </text>
      <text class="hl-axis" x={WIDTH / 2} y={54}>
        {measureName(effect.measure)}
      </text>
      <text class="hl-tick-y" x={WIDTH - EDGE} y={54}>
        {brief(high)}
      </text>
    </svg>
  );
}
