/** The head of a table: a button to sort by each column, and a handle for its width. */
import { useRef } from 'preact/hooks';
import { useColumnDrag } from './columnDrag';
import { type Placed, resized } from './layout';
import type { Sort } from './order';
import { cellClass, cellStyle, type Column, columnNumber, inSightStyle, type Look, type Scrolled } from './Table';

const KEY_STEP = 10;
const WIDEST = 2_000;

interface Props<Row> {
  placed: Placed<Column<Row>>[];
  wide: number;
  before: number;
  scrolled: Scrolled;
  look: Look;
  onLook(look: Look): void;
  onMove?: ((key: string, target: string) => void) | undefined;
}

export function TableHead<Row>({ placed, wide, before, scrolled, look, onLook, onMove }: Props<Row>) {
  const { target, handlers } = useColumnDrag(placed, onMove);
  const sortBy = (sort: Sort) => onLook({ ...look, sort });
  return (
    <div class="hl-row" role="row" aria-rowindex={1} style={{ width: `${wide}px` }}>
      {before > 0 && (
        <span
          role="columnheader"
          aria-colindex={1}
          aria-label="Compare"
          class="hl-tick hl-pinned"
          style={inSightStyle(scrolled)}
        />
      )}
      {placed.map(each => {
        const { column } = each;
        const active = look.sort?.key === column.key;
        const descending = active && look.sort!.descending;
        return (
          <span
            key={column.key}
            role="columnheader"
            aria-colindex={columnNumber(each, before)}
            aria-sort={!active ? 'none' : descending ? 'descending' : 'ascending'}
            class={`${cellClass(each)} ${target === column.key ? 'hl-drop' : ''}`}
            data-column={column.key}
            style={cellStyle(each, before, scrolled)}
          >
            <button
              type="button"
              title={`Sort by ${column.label}`}
              {...handlers(column.key)}
              onClick={() => sortBy({ key: column.key, descending: active && !descending })}
            >
              {column.label}
              <span class="hl-arrow" aria-hidden="true">
                {active ? (descending ? '↓' : '↑') : ''}
              </span>
            </button>
            <Handle
              label={column.label}
              width={each.width}
              onWidth={width => onLook({ ...look, widths: { ...look.widths, [column.key]: width } })}
              onReset={() => onLook({ ...look, widths: without(look.widths, column.key) })}
            />
          </span>
        );
      })}
    </div>
  );
}

function without(widths: Record<string, number>, key: string): Record<string, number> {
  const { [key]: _gone, ...rest } = widths;
  return rest;
}

interface HandleProps {
  label: string;
  width: number;
  onWidth(width: number): void;
  onReset(): void;
}

/** Drag it, or use the arrow keys; a double click gives the width back to the table. */
function Handle({ label, width, onWidth, onReset }: HandleProps) {
  const from = useRef<{ x: number; width: number } | null>(null);
  return (
    <span
      class="hl-handle"
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${label}`}
      aria-valuenow={width}
      aria-valuemin={0}
      aria-valuemax={WIDEST}
      tabIndex={0}
      onKeyDown={event => {
        const by = event.key === 'ArrowLeft' ? -KEY_STEP : event.key === 'ArrowRight' ? KEY_STEP : 0;
        if (!by) return;
        event.preventDefault();
        event.stopPropagation();
        onWidth(resized(width, by));
      }}
      onPointerDown={event => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, width };
      }}
      onPointerMove={event => {
        if (from.current) onWidth(resized(from.current.width, event.clientX - from.current.x));
      }}
      onPointerUp={() => {
        from.current = null;
      }}
      onPointerCancel={() => {
        from.current = null;
      }}
      onDblClick={onReset}
    />
  );
}
