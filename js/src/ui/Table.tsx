/** A table of any length: rows of one height, only those in sight are drawn, all by keyboard. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { type Cell, type Sort, sortRows } from './order';
import { windowOf } from './window';

const ROW = 26;
const HEAD = ROW + 1; // and its line

export interface Column<Row> {
  key: string;
  label: string;
  /** A CSS grid track, such as `90px` or `minmax(120px, 1fr)`. */
  track: string;
  /** The narrowest it gets, in px, before the table scrolls sideways. */
  least: number;
  numeric?: boolean;
  value(row: Row): Cell;
  draw?(row: Row): ComponentChildren;
}

interface Props<Row> {
  label: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  rowKey(row: Row): string;
  selected: string;
  onSelect(key: string): void;
  /** Enter or a double click; a single click too with `clickOpens`. */
  onOpen?(key: string): void;
  clickOpens?: boolean;
  ticked?: ReadonlySet<string>;
  onTick?(key: string): void;
  sort?: Sort | undefined;
  empty?: string;
}

const STEPS: Record<string, (at: number, page: number, count: number) => number> = {
  ArrowDown: at => at + 1,
  ArrowUp: at => at - 1,
  PageDown: (at, page) => at + page,
  PageUp: (at, page) => at - page,
  Home: () => 0,
  End: (_at, _page, count) => count - 1
};

export function Table<Row>(props: Props<Row>) {
  const { columns, rows, rowKey, selected } = props;
  const [sort, setSort] = useState<Sort | undefined>(props.sort);
  const [scroll, setScroll] = useState({ top: 0, height: 300 });
  const grid = useRef<HTMLDivElement>(null);
  const id = useId();

  const sorted = useMemo(() => {
    const column = columns.find(each => each.key === sort?.key);
    return column && sort ? sortRows(rows, column.value, sort.descending) : rows;
  }, [rows, columns, sort]);

  useEffect(() => {
    const element = grid.current!;
    const watch = new ResizeObserver(() => setScroll(old => ({ ...old, height: element.clientHeight - HEAD })));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  const reveal = (index: number) => {
    const element = grid.current!;
    if (index * ROW < element.scrollTop) element.scrollTop = index * ROW;
    const below = (index + 1) * ROW - (element.clientHeight - HEAD);
    if (below > element.scrollTop) element.scrollTop = below;
  };

  const onKey = (event: KeyboardEvent) => {
    if ((event.target as Element).closest('button')) return; // a heading has keys of its own
    const index = sorted.findIndex(row => rowKey(row) === selected);
    const step = STEPS[event.key];
    if (step) {
      const page = Math.max(1, Math.floor(scroll.height / ROW) - 1);
      const next = Math.max(0, Math.min(sorted.length - 1, step(index, page, sorted.length)));
      const row = sorted[next];
      if (row) props.onSelect(rowKey(row));
      reveal(next);
    } else if (event.key === 'Enter' && index >= 0) props.onOpen?.(selected);
    else if (event.key === ' ' && index >= 0 && props.onTick) props.onTick(selected);
    else return;
    event.preventDefault();
    event.stopPropagation(); // or the notebook would move its own selection
  };

  const shown = windowOf(scroll.top, scroll.height, ROW, sorted.length);
  const tracks = (props.onTick ? ['18px'] : []).concat(columns.map(column => column.track)).join(' ');
  const least = columns.reduce((sum, column) => sum + column.least + 10, props.onTick ? 44 : 10);
  const line = { gridTemplateColumns: tracks, minWidth: `${least}px` };
  const rowId = (key: string) => `${id}-${key}`;
  const inSight = sorted.slice(shown.first, shown.last).some(row => rowKey(row) === selected);

  return (
    <div
      class="hl-table"
      role="grid"
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={sorted.length + 1}
      aria-activedescendant={inSight ? rowId(selected) : undefined}
      ref={grid}
      onKeyDown={onKey}
      onScroll={event => {
        const { scrollTop } = event.currentTarget;
        setScroll(old => ({ ...old, top: scrollTop }));
      }}
    >
      <div class="hl-row hl-head" role="row" aria-rowindex={1} style={line}>
        {props.onTick && <span role="columnheader" aria-label="Compare" />}
        {columns.map(column => (
          <Header key={column.key} column={column} sort={sort} onSort={setSort} />
        ))}
      </div>
      <div class="hl-body" role="rowgroup" aria-label={`${props.label}, rows`}>
        {!sorted.length && <p class="hl-empty">{props.empty ?? 'Nothing here yet.'}</p>}
        <div style={{ height: `${sorted.length * ROW}px`, minWidth: `${least}px`, position: 'relative' }}>
          {sorted.slice(shown.first, shown.last).map((row, i) => {
            const key = rowKey(row);
            const index = shown.first + i;
            return (
              <div
                key={key}
                id={rowId(key)}
                role="row"
                class="hl-row"
                aria-rowindex={index + 2}
                aria-selected={key === selected}
                data-key={key}
                style={{ ...line, transform: `translateY(${index * ROW}px)` }}
                onClick={() => {
                  props.onSelect(key);
                  if (props.clickOpens) props.onOpen?.(key);
                }}
                onDblClick={() => props.onOpen?.(key)}
              >
                {props.onTick && (
                  <span role="gridcell">
                    <input
                      type="checkbox"
                      tabIndex={-1}
                      aria-label="Compare this run"
                      checked={props.ticked?.has(key) ?? false}
                      onClick={event => event.stopPropagation()}
                      onChange={() => props.onTick!(key)}
                    />
                  </span>
                )}
                {columns.map(column => {
                  const value = column.value(row);
                  return (
                    <span role="gridcell" key={column.key} class={column.numeric ? 'hl-number' : ''}>
                      {column.draw ? column.draw(row) : <span title={String(value ?? '')}>{value}</span>}
                    </span>
                  );
                })}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Header<Row>({
  column,
  sort,
  onSort
}: {
  column: Column<Row>;
  sort: Sort | undefined;
  onSort(sort: Sort): void;
}) {
  const active = sort?.key === column.key;
  const direction = !active ? 'none' : sort.descending ? 'descending' : 'ascending';
  return (
    <span role="columnheader" aria-sort={direction} class={column.numeric ? 'hl-number' : ''}>
      <button
        type="button"
        title={`Sort by ${column.label}`}
        onClick={() => onSort({ key: column.key, descending: active && !sort.descending })}
      >
        {column.label}
        <span class="hl-arrow" aria-hidden="true">
          {active ? (sort.descending ? '↓' : '↑') : ''}
        </span>
      </button>
    </span>
  );
}
