/** The candidates of a search as lines over one axis for each parameter that differs, and one for the score. */
import { useMemo, useState } from 'preact/hooks';
import { toNumber } from '../contract/decode';
import type { Candidate, Search } from '../contract/types.gen';
import { type Axis, axisOf } from '../ui/parallel';
import { number } from '../ui/format';

const HEIGHT = 240;
const TOP = 40;
const BOTTOM = 28;
const LEAST_BETWEEN = 98;
const SIDE = 50;
/** So wide at least, that a few axes leave room for the title. */
const LEAST_WIDTH = 340;
/** More have no room side by side. */
const MOST_AXES = 8;

export function ParallelCoordinates({ search }: { search: Search }) {
  const { candidates, metric } = search;
  const axes = useMemo(() => axesOf(search), [search]);
  const [chosen, setChosen] = useState<number | null>(null); // the number of a candidate; null: the best
  if (axes.length < 2) return null;
  const at = Math.max(0, candidates.findIndex(each => each.candidate === chosen));
  const marked = candidates[at]!;
  const between = Math.max(LEAST_BETWEEN, (LEAST_WIDTH - 2 * SIDE) / (axes.length - 1));
  const width = 2 * SIDE + (axes.length - 1) * between;
  const x = (axis: number) => SIDE + axis * between;

  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key] ?? 0;
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    setChosen(candidates[Math.min(Math.max(0, at + step), candidates.length - 1)]!.candidate);
  };

  return (
    <figure class="hl-parallel-lines" style={{ maxWidth: `${width}px` }}>
      <div
        role="group"
        tabIndex={0}
        aria-label={`Parameters of the candidates of the search by ${metric}; arrow keys go from the best to the worst`}
        onKeyDown={onKey}
      >
        <svg class="hl-chart" viewBox={`0 0 ${width} ${HEIGHT}`} style={{ width: `${width}px` }} aria-hidden="true">
          <text class="hl-chart-title" x={width / 2} y={14}>
            Parameters and mean {metric}
          </text>
          {[...candidates.entries()].reverse().map(([rank, each]) => (
            <polyline
              key={each.candidate}
              class={each === marked ? 'hl-marked' : 'hl-candidate'}
              style={{ opacity: each === marked ? 1 : shade(rank, candidates.length) }}
              points={line(each, axes, metric, x)}
              onMouseEnter={() => setChosen(each.candidate)}
            />
          ))}
          <polyline class="hl-marked" points={line(marked, axes, metric, x)} />
          {axes.map((axis, i) => (
            <g key={axis.name}>
              <line class="hl-upright" x1={x(i)} x2={x(i)} y1={TOP} y2={HEIGHT - BOTTOM} />
              <text class="hl-axis hl-axis-name" x={x(i)} y={TOP - 8}>
                {short(axis.name)}
                <title>{axis.name}</title>
              </text>
              {axis.ticks.map(({ text, at: place }) => (
                <text key={text} class="hl-tick-y" x={x(i) - 5} y={y(place) + 3}>
                  {short(text)}
                </text>
              ))}
            </g>
          ))}
        </svg>
      </div>
      <figcaption aria-live="polite">
        {at === 0 && search.best !== null ? 'Best' : `No. ${at + 1}`}: candidate {marked.candidate}
        {search.rungs > 1 && ` on rung ${marked.rung}`}
        {!marked.complete && ', not on all folds yet'}, {metric} {number(toNumber(marked.score))} with {marked.parameters}
      </figcaption>
    </figure>
  );
}

/** The parameters that differ most among candidates, and the score last. */
function axesOf({ candidates, metric }: Search): Axis[] {
  const names = [...new Set(candidates.flatMap(each => Object.keys(each.values)))];
  const axes = names.flatMap(name => axisOf(name, candidates.map(each => each.values[name]), number) ?? []);
  const score = axisOf(metric, candidates.map(each => toNumber(each.score)), number);
  return score ? [...axes.slice(0, MOST_AXES), score] : axes.slice(0, MOST_AXES);
}

function line(candidate: Candidate, axes: Axis[], metric: string, x: (axis: number) => number): string {
  return axes
    .map((axis, i) => {
      const isScore = i === axes.length - 1 && axis.name === metric;
      const place = axis.place(isScore ? toNumber(candidate.score) : candidate.values[axis.name]);
      return place === null ? '' : `${x(i)},${y(place)}`;
    })
    .join(' ');
}

function y(place: number): number {
  return HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM);
}

/** The better a candidate, the clearer its line. */
function shade(rank: number, of: number): number {
  return 0.75 - (0.6 * rank) / Math.max(1, of - 1);
}

function short(text: string): string {
  return text.length <= 15 ? text : `${text.slice(0, 14)}…`;
}
