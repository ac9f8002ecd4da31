/** A table of any length and width: only rows and columns in sight are drawn, all by keyboard. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { barOf, barsOf } from './bars';
import { inSight, type Placed, placeColumns } from './layout';
import { type Cell, type Sort, sortRows } from './order';
import { TableHead } from './TableHead';
import { EXTRA, inPlaces, mostRows, nearest, windowOf } from './window';

const ROW = 26;
const HEAD = ROW + 1; // and its line
const TICK_WIDTH = 28;
/** What is drawn changes only once one has scrolled so far: half of it is to spare on either side. */
const STEP_DOWN = EXTRA * ROW;
const STEP_SIDEWAYS = 120;

export interface Column<Row> {
  key: string;
  label: string;
  /** A CSS grid track, such as `90px` or `minmax(120px, 1fr)`: one with `fr` takes a share of spare room. */
  track: string;
  /** The narrowest it gets by itself, in px, before the table scrolls sideways. */
  least: number;
  numeric?: boolean;
  /** Less to look at than the others. */
  dim?: boolean;
  value(row: Row): Cell;
  draw?(row: Row): ComponentChildren;
  /** How long a bar behind the value is, from 0 to 1. */
  bar?(row: Row): number;
}

/** What a person has changed of the look of a table. */
export interface Look {
  sort?: Sort | undefined;
  widths: Record<string, number>;
  pinned: string[];
}

export const PLAIN: Look = { widths: {}, pinned: [] };

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
  /** How it is sorted at first, if it keeps its look to itself. */
  sort?: Sort | undefined;
  /** Its look, if somebody else keeps it. */
  look?: Look;
  onLook?(look: Look): void;
  /** Somebody wants a column at the place of another; without this none can be moved. */
  onMove?(key: string, target: string): void;
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
const SIDEWAYS: Record<string, number> = { ArrowLeft: -60, ArrowRight: 60 };

export function Table<Row>(props: Props<Row>) {
  const { columns, rows, rowKey, selected } = props;
  const latest = useRef(props);
  latest.current = props;
  const [own, setOwn] = useState<Look>({ ...PLAIN, sort: props.sort });
  const look = props.look ?? own;
  const setLook = props.onLook ?? setOwn;
  const { sort } = look;
  const [view, setView] = useState({ top: 0, left: 0, height: 300, width: 0 });
  const grid = useRef<HTMLDivElement>(null);
  const scrolled = useRef(0); // sideways; pinned cells are moved by it
  const id = useId();

  const sorted = useMemo(() => {
    const column = columns.find(each => each.key === sort?.key);
    return column && sort ? sortRows(rows, column.value, sort.descending) : rows;
  }, [rows, columns, sort]);

  useEffect(() => {
    const element = grid.current!;
    const watch = new ResizeObserver(() =>
      setView(old => ({ ...old, height: element.clientHeight - HEAD, width: element.clientWidth }))
    );
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
    const sideways = SIDEWAYS[event.key];
    if (step) {
      const page = Math.max(1, Math.floor(view.height / ROW) - 1);
      const next = Math.max(0, Math.min(sorted.length - 1, step(index, page, sorted.length)));
      const row = sorted[next];
      if (row) props.onSelect(rowKey(row));
      reveal(next);
    } else if (sideways) grid.current!.scrollLeft += sideways;
    else if (event.key === 'Enter' && index >= 0) props.onOpen?.(selected);
    else if (event.key === ' ' && index >= 0 && props.onTick) props.onTick(selected);
    else return;
    event.preventDefault();
    event.stopPropagation(); // or the notebook would move its own selection
  };

  const before = props.onTick ? TICK_WIDTH : 0;
  const placed = useMemo(
    () => placeColumns(columns, look.widths, look.pinned, view.width - before),
    [columns, look.widths, look.pinned, view.width, before]
  );
  const end = placed.at(-1);
  const wide = before + (end ? end.left + end.width : 0);
  const drawn = useSame(inSight(placed, view.left - before - STEP_SIDEWAYS / 2, view.width && view.width + STEP_SIDEWAYS));
  const places = mostRows(view.height, ROW);
  const shown = windowOf(view.top, places, ROW, sorted.length);
  const head = useMemo(
    () => (
      <div class="hl-head" role="rowgroup" style={{ width: `${wide}px` }}>
        <TableHead placed={drawn} wide={wide} before={before} scrolled={scrolled} look={look} onLook={setLook} onMove={props.onMove} />
      </div>
    ),
    [drawn, wide, before, look, setLook, props.onMove]
  );
  // Told only when it is looked at: a title for each cell costs as much as the cell.
  const titleOf = (cell: HTMLElement) => {
    const row = sorted[Number(cell.parentElement!.getAttribute('aria-rowindex')) - 2];
    const column = placed.find(each => columnNumber(each, before) === Number(cell.getAttribute('aria-colindex')))?.column;
    const value = row && column?.value(row);
    const isInOtherWords = column?.draw && !column.bar && typeof value === 'number'; // such as a duration
    return isInOtherWords ? '' : String(value ?? '');
  };
  const rowId = (key: string) => `${id}-${key}`;
  const isInSight = sorted.slice(shown.first, shown.last).some(row => rowKey(row) === selected);

  return (
    <div
      class="hl-table"
      role="grid"
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={sorted.length + 1}
      aria-colcount={columns.length + (props.onTick ? 1 : 0)}
      aria-activedescendant={isInSight ? rowId(selected) : undefined}
      ref={grid}
      onKeyDown={onKey}
      onPointerMove={event => {
        const cell = (event.target as Element).closest<HTMLElement>('[role=gridcell]');
        const title = cell && titleOf(cell);
        if (cell && cell.title !== title) cell.title = title!;
      }}
      onScroll={event => {
        const { scrollTop, scrollLeft } = event.currentTarget;
        if (scrollLeft !== scrolled.current) keepInSight(event.currentTarget, scrollLeft);
        scrolled.current = scrollLeft;
        const [top, left] = [nearest(scrollTop, STEP_DOWN), nearest(scrollLeft, STEP_SIDEWAYS)];
        setView(old => (old.top === top && old.left === left ? old : { ...old, top, left }));
      }}
    >
      {head}
      <div class="hl-body" {...(sorted.length && { role: 'rowgroup', 'aria-label': `${props.label}, rows` })}>
        {!sorted.length && <div class="hl-empty">{props.empty ?? 'Nothing here yet.'}</div>}
        <div class="hl-rows" role="presentation" style={{ height: `${sorted.length * ROW}px`, width: `${wide}px` }}>
          {inPlaces(shown.first, shown.last, places).map(index => {
            const row = sorted[index]!;
            const key = rowKey(row);
            return (
              <TableRow
                key={index % places}
                id={rowId(key)}
                name={key}
                row={row}
                index={index}
                selected={key === selected}
                ticked={props.ticked?.has(key) ?? false}
                drawn={drawn}
                wide={wide}
                before={before}
                scrolled={scrolled}
                table={latest}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface RowProps<Row> {
  id: string;
  name: string;
  row: Row;
  index: number;
  selected: boolean;
  ticked: boolean;
  drawn: Placed<Column<Row>>[];
  wide: number;
  before: number;
  scrolled: Scrolled;
  table: { readonly current: Props<Row> };
}

/**
 * One row, drawn again only if what it shows is another: while scrolling most rows stay what they are, and the elements
 * of those that go show those that come. A browser would work out the style of new ones, which takes longer than all the rest.
 */
function TableRow<Row>(props: RowProps<Row>) {
  const { id, name, row, index, selected, ticked, drawn, wide, before, scrolled, table } = props;
  return useMemo(
    () => (
      <div
        id={id}
        role="row"
        class="hl-row"
        aria-rowindex={index + 2}
        aria-selected={selected}
        data-key={name}
        style={{ width: `${wide}px`, transform: `translateY(${index * ROW}px)`, ...barsOf(drawn, row, before) }}
        onClick={() => {
          table.current.onSelect(name);
          if (table.current.clickOpens) table.current.onOpen?.(name);
        }}
        onDblClick={() => table.current.onOpen?.(name)}
      >
        {before > 0 && (
          <span role="gridcell" aria-colindex={1} class="hl-tick hl-pinned" style={inSightStyle(scrolled)}>
            <input
              type="checkbox"
              tabIndex={-1}
              aria-label="Compare this run"
              checked={ticked}
              onClick={event => event.stopPropagation()}
              onChange={() => table.current.onTick!(name)}
            />
          </span>
        )}
        {drawn.map(each => cellOf(each, row, before, scrolled))}
      </div>
    ),
    [id, name, row, index, selected, ticked, drawn, wide, before]
  );
}

/** The former list as long as the new one has the same members. */
function useSame<T>(list: T[]): T[] {
  const former = useRef(list);
  const same = former.current.length === list.length && list.every((each, i) => each === former.current[i]);
  if (!same) former.current = list;
  return former.current;
}

/** Not a component: the rows in sight have hundreds of cells. */
function cellOf<Row>(each: Placed<Column<Row>>, row: Row, before: number, scrolled: Scrolled) {
  const { column } = each;
  return (
    <span
      key={column.key}
      role="gridcell"
      aria-colindex={columnNumber(each, before)}
      class={cellClass(each)}
      style={{ ...cellStyle(each, before, scrolled), ...barOf(each, row) }}
    >
      {column.draw ? column.draw(row) : column.value(row)}
    </span>
  );
}

/** The number of a column for a screen reader, from 1, after that of the ticks. */
export function columnNumber({ index }: Placed<unknown>, before: number): number {
  return index + (before ? 2 : 1);
}

export function cellClass({ column, pinned }: Placed<{ numeric?: boolean; dim?: boolean }>): string {
  return `hl-cell${column.numeric ? ' hl-number' : ''}${column.dim ? ' hl-dim' : ''}${pinned ? ' hl-pinned' : ''}`;
}

/** How far a table is scrolled sideways. */
export type Scrolled = { readonly current: number };

/** Where a cell lies. */
export function cellStyle({ left, width, pinned }: Placed<unknown>, before: number, scrolled: Scrolled) {
  return { left: `${before + left}px`, width: `${width}px`, ...(pinned && inSightStyle(scrolled)) };
}

/**
 * A pinned cell moves with what is in sight. CSS could do that by itself (`sticky`, or a variable of the table), but
 * a browser then draws each such cell apart, or works out the style of every cell anew, which takes longer than all
 * the rest.
 */
export function inSightStyle(scrolled: Scrolled) {
  return { translate: `${scrolled.current}px` };
}

function keepInSight(table: Element, left: number): void {
  for (const cell of table.querySelectorAll<HTMLElement>('.hl-pinned')) cell.style.translate = `${left}px`;
}
