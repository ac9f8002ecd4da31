/** How the rows of both sides are spread over the bins of a column, one over the other. */
import type { CheckDetail, CheckedColumn } from '../../contract/types.gen';

const HEIGHT = 250;
const LEFT = 42;
const RIGHT = 10;
const TOP = 44;
const BOTTOM = 78;
const MOST_BINS = 30;

export function Distribution({ check, column }: { check: CheckDetail; column: CheckedColumn }) {
  if (!column.bins.length) return null;
  const bins = column.bins.slice(0, MOST_BINS).map(bin => ({
    ...bin,
    before: (100 * bin.reference) / Math.max(check.reference_rows, 1),
    after: (100 * bin.current) / Math.max(check.current_rows, 1)
  }));
  const most = niceTop(Math.max(...bins.flatMap(bin => [bin.before, bin.after])));
  const step = Math.max(22, Math.min(64, 420 / bins.length));
  const width = LEFT + RIGHT + Math.max(300, step * bins.length);
  const each = (width - LEFT - RIGHT) / bins.length;
  const y = (share: number) => HEIGHT - BOTTOM - (share / most) * (HEIGHT - TOP - BOTTOM);
  const title = `${column.name}: share of rows by bin`;
  return (
    <svg class="hl-chart hl-distribution" style={{ width: `${width}px` }} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={title}>
      <text class="hl-chart-title" x={width / 2} y={14}>
        {cut(title, 60)}
      </text>
      <g transform={`translate(${LEFT}, 31)`}>
        <rect class="hl-after" x={0} y={-8} width={14} height={9} />
        <text x={19}>current</text>
        <rect class="hl-before" x={70} y={-8} width={14} height={9} />
        <text x={89}>reference</text>
      </g>
      {[0, 0.5, 1].map(share => (
        <g key={share}>
          <line class="hl-gridline" x1={LEFT} x2={width - RIGHT} y1={y(most * share)} y2={y(most * share)} />
          <text class="hl-tick-y" x={LEFT - 5} y={y(most * share) + 3}>
            {+(most * share).toPrecision(3)}
          </text>
        </g>
      ))}
      {bins.map((bin, i) => {
        const x = LEFT + each * i;
        const told = `${bin.label}: reference ${bin.before.toFixed(1)} % (${bin.reference.toLocaleString('en')} rows), current ${bin.after.toFixed(1)} % (${bin.current.toLocaleString('en')} rows)`;
        return (
          <g key={i}>
            <title>{told}</title>
            <rect class="hl-hit" x={x} y={TOP} width={each} height={HEIGHT - TOP - BOTTOM} />
            <rect class="hl-after" x={x + each * 0.12} y={y(bin.after)} width={each * 0.76} height={y(0) - y(bin.after)} />
            <rect class="hl-before" x={x + each * 0.12} y={y(bin.before)} width={each * 0.76} height={y(0) - y(bin.before)} />
            <text class="hl-bin" transform={`translate(${x + each / 2 + 3}, ${HEIGHT - BOTTOM + 12}) rotate(-35)`}>
              {cut(pretty(bin.label), 15)}
            </text>
          </g>
        );
      })}
      <text class="hl-axis" transform={`translate(11, ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`}>
        % of rows
      </text>
      <text class="hl-axis" x={(LEFT + width - RIGHT) / 2} y={HEIGHT - 6}>
        {column.bins.length > MOST_BINS ? `the first ${MOST_BINS} of ${column.bins.length} bins` : column.name}
      </text>
    </svg>
  );
}

/** An interval as people write it: `[12 ; 20[` is 12 to 20, and what has no end is below or from a number on. */
export function pretty(label: string): string {
  const ends = /^\[(\S+) ; (\S+)\[$/.exec(label);
  if (!ends) return label;
  const [, low = '', high = ''] = ends;
  if (low === '-inf') return `< ${short(high)}`;
  return high === 'inf' ? `≥ ${short(low)}` : `${short(low)} – ${short(high)}`;
}

function short(text: string): string {
  const value = Number(text);
  return Number.isFinite(value) ? String(+value.toPrecision(4)) : text;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** The least round number that is not below a share. */
export function niceTop(share: number): number {
  const size = 10 ** Math.floor(Math.log10(Math.max(share, 0.1)));
  return [1, 2, 4, 5, 6, 8, 10].map(each => each * size).find(each => each >= share) ?? 10 * size;
}
