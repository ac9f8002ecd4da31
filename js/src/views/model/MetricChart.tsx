/** One metric from one source over the versions of a model, with intervals; the champion and roll-backs are marked. */
import { useState } from 'preact/hooks';
import { toNumber } from '../../contract/decode';
import type { ModelDetail, VersionRow } from '../../contract/types.gen';
import { AxisNames, type Frame, heightOf, ValueAxis } from '../../ui/frame';
import { keyText, label, type MetricKey } from '../ranking';
import { metricKeys, metricOf, spanOf } from './groups';
import { metricText } from './MetricMark';
import { rollBackText } from './Evidence';

const WIDTH = 640;
const HEIGHT = 240;
const LEFT = 58;
const RIGHT = 16;
const BOTTOM = 40;
const FRAME: Frame = { width: WIDTH, height: HEIGHT, left: LEFT, right: RIGHT, top: 40, bottom: BOTTOM };
const MOST = 40;

export function MetricChart({ detail }: { detail: ModelDetail }) {
  const keys = metricKeys(detail.versions);
  const [chosen, choose] = useState('');
  const key = keys.find(each => keyText(each) === chosen) ?? keys[0];
  if (!key) return <p class="hl-empty">No metric is kept with these versions. Fit with a partition, or score before saving.</p>;
  return (
    <div class="hl-charts">
      <label class="hl-field hl-inline">
        <span>Metric</span>
        <select class="hl-select" value={keyText(key)} onChange={event => choose(event.currentTarget.value)}>
          {keys.map(each => (
            <option key={keyText(each)} value={keyText(each)}>
              {label(each)}
            </option>
          ))}
        </select>
      </label>
      <Chart versions={[...detail.versions].slice(0, MOST).reverse()} metricKey={key} />
    </div>
  );
}

function Chart({ versions, metricKey: key }: { versions: VersionRow[]; metricKey: MetricKey }) {
  const name = label(key);
  const shown = versions.filter(version => Number.isFinite(toNumber(metricOf(version, key)?.value ?? 'nan')));
  const missing = versions.filter(version => !shown.includes(version)).map(version => version.version);
  const span = spanOf(shown, key);
  if (!span) return <p class="hl-empty">No version has a number for {name}.</p>;
  const room = (span.high - span.low) * 0.08;
  const [low, high] = [span.low - room, span.high + room];
  const step = (WIDTH - LEFT - RIGHT) / shown.length;
  const x = (at: number) => LEFT + step * (at + 0.5);
  const y = heightOf(FRAME, low, high);
  const points = shown.map((version, at) => ({ version, metric: metricOf(version, key)!, x: x(at) }));
  const every = Math.ceil(shown.length / 16);
  return (
    <figure class="hl-learning">
    <svg class="hl-chart hl-wide-chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${name} over versions`}>
      <text class="hl-chart-title" x={WIDTH / 2} y={14}>
        {name} over versions
      </text>
      <g transform={`translate(${LEFT}, 30)`}>
        <line class="hl-interval" x1={0} x2={16} y1={-3} y2={-3} />
        <text x={21}>95 % interval</text>
        <circle class="hl-dot-0" cx={104} cy={-3} r={4} />
        <text x={112}>value</text>
        <text x={152} class="hl-star">
          ★
        </text>
        <text x={165}>champion</text>
        <circle class="hl-dot-0 hl-hollow" cx={226} cy={-3} r={4} />
        <text x={234}>rolled back</text>
      </g>
      <ValueAxis frame={FRAME} low={low} high={high} />
      <polyline class="hl-path" points={points.map(each => `${each.x},${y(toNumber(each.metric.value))}`).join(' ')} />
      {points.map(({ version, metric, x: at }, i) => {
        const middle = y(toNumber(metric.value));
        const ends = metric.low !== null && metric.high !== null ? [y(toNumber(metric.low)), y(toNumber(metric.high))] : null;
        const champion = version.aliases.includes('champion');
        return (
          <g key={version.version}>
            <title>{`version ${version.version}: ${metricText(metric)}${version.rolled_back ? `; ${rollBackText(version.rolled_back)}` : ''}`}</title>
            {ends && <path class="hl-interval" d={`M${at} ${ends[0]}V${ends[1]}M${at - 5} ${ends[0]}h10M${at - 5} ${ends[1]}h10`} />}
            <circle class={`hl-dot-0${version.rolled_back ? ' hl-hollow' : ''}`} cx={at} cy={middle} r={4.5} />
            {champion && (
              <text class="hl-star" x={at + 9} y={middle + 4}>
                ★
              </text>
            )}
            {i % every === 0 && (
              <text class="hl-tick-x" x={at} y={HEIGHT - BOTTOM + 14}>
                {version.version}
              </text>
            )}
          </g>
        );
      })}
      <AxisNames frame={FRAME} x="version" y={name} below={8} />
    </svg>
    {missing.length > 0 && <figcaption>No {name}: version {missing.join(', ')}</figcaption>}
    </figure>
  );
}
