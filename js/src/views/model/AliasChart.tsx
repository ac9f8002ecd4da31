/** Which version an alias named over time, as steps. */
import type { ModelDetail } from '../../contract/types.gen';
import { moment } from '../../ui/format';
import { courseOf } from './groups';

const WIDTH = 420;
const LEFT = 46;
const RIGHT = 14;
const TOP = 20;
const STEP = 20;
const BOTTOM = 34;
const MOST_ROWS = 8;

export function AliasChart({ detail, alias }: { detail: ModelDetail; alias: string }) {
  const course = courseOf(detail, alias);
  if (course.length < 2) return null;
  const named = [...new Set(course.flatMap(each => each.version ?? []))].sort((a, b) => b - a).slice(0, MOST_ROWS);
  const height = TOP + STEP * named.length + BOTTOM;
  // Moves are set out evenly: days and seconds may lie between them.
  const x = (at: number) => LEFT + (at / course.length) * (WIDTH - LEFT - RIGHT);
  const y = (version: number) => TOP + STEP * named.indexOf(version) + STEP / 2;
  const steps = course.map((each, at) => ({ ...each, at, on: each.version !== null && named.includes(each.version) }));
  const title = `${alias}: ${course.length} moves`;
  return (
    <svg class="hl-chart hl-alias-chart" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={title}>
      <text class="hl-chart-title" x={LEFT} y={12} text-anchor="start">
        {title}
      </text>
      {named.map(version => (
        <g key={version}>
          <line class="hl-gridline" x1={LEFT} x2={WIDTH - RIGHT} y1={y(version)} y2={y(version)} />
          <text class="hl-tick-y" x={LEFT - 8} y={y(version) + 3}>
            {`v ${version}`}
          </text>
        </g>
      ))}
      {steps.map(
        each =>
          each.on && (
            <g key={each.at}>
              {each.at > 0 && steps[each.at - 1]!.on && (
                <line
                  class="hl-riser"
                  x1={x(each.at)}
                  x2={x(each.at)}
                  y1={y(steps[each.at - 1]!.version!)}
                  y2={y(each.version!)}
                />
              )}
              <line class="hl-line-0" x1={x(each.at)} x2={x(each.at + 1)} y1={y(each.version!)} y2={y(each.version!)} />
              <circle class="hl-dot-0" cx={x(each.at)} cy={y(each.version!)} r={4}>
                <title>{`version ${each.version} since ${moment(each.since)} UTC by ${each.by}${each.note ? `: ${each.note}` : ''}`}</title>
              </circle>
            </g>
          )
      )}
      <text class="hl-tick-x" x={LEFT} y={height - BOTTOM + 14} text-anchor="start">
        {moment(course[0]!.since).slice(0, 16)}
      </text>
      <text class="hl-tick-y" x={WIDTH - RIGHT} y={height - BOTTOM + 14}>
        now
      </text>
      <text class="hl-axis" x={(LEFT + WIDTH - RIGHT) / 2} y={height - 6}>
        moves, in order (UTC)
      </text>
    </svg>
  );
}
