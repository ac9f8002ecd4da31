/** Columns x windows: how far each column moved and what that means; arrow keys go from cell to cell. */
import { useEffect, useRef } from 'preact/hooks';
import type { DriftCell, DriftDetail } from '../../contract/types.gen';
import { brief, cellText, type Place, strength, VERDICTS, windowName } from './words';

interface Props {
  detail: DriftDetail;
  place: Place | null;
  onSelect(place: Place): void;
}

const STEPS: Record<string, [down: number, right: number]> = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1]
};

export function HeatMap({ detail, place, onSelect }: Props) {
  const table = useRef<HTMLTableElement>(null);
  const { columns, windows } = detail;
  // The newest windows stand at the right end, which a narrow place would hide.
  useEffect(() => {
    const frame = table.current!.parentElement!;
    const reveal = () => {
      const chosen = frame.querySelector<HTMLElement>('[aria-selected=true]');
      if (!chosen) return;
      const right = chosen.offsetLeft + chosen.offsetWidth;
      if (right > frame.scrollLeft + frame.clientWidth) frame.scrollLeft = right - frame.clientWidth;
    };
    const watch = new ResizeObserver(reveal);
    watch.observe(frame);
    return () => watch.disconnect();
  }, [windows.length]);
  const at = (row: number, column: number) => ({ check_id: windows[column]!.check_id, column: columns[row]!.name });

  const onKey = (event: KeyboardEvent) => {
    const row = columns.findIndex(column => column.name === place?.column);
    const column = windows.findIndex(window => window.check_id === place?.check_id);
    let next: [number, number] | null = null;
    const step = STEPS[event.key];
    if (step) next = [row + step[0], column + step[1]];
    else if (event.key === 'Home') next = [row, 0];
    else if (event.key === 'End') next = [row, windows.length - 1];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    const [down, right] = [clamp(next[0], columns.length), clamp(next[1], windows.length)];
    onSelect(at(down, right));
    table.current?.querySelector<HTMLElement>(`[data-at="${down} ${right}"]`)?.focus();
  };

  return (
    <div class="hl-heat-frame">
      <table class="hl-heat" role="grid" aria-label="Columns over windows" ref={table} onKeyDown={onKey}>
        <thead>
          <tr>
            <th scope="col" class="hl-heat-corner">
              Column
            </th>
            {windows.map(window => (
              <th
                scope="col"
                key={window.check_id}
                class={window.check_id === place?.check_id ? 'hl-here' : ''}
                title={`${windowName(window)}: ${VERDICTS[window.verdict].text}\n${window.current_rows.toLocaleString('en')} rows of ${window.current}`}
              >
                <span>{heading(window)}</span>
                <i class={`hl-${VERDICTS[window.verdict].tone}`} role="img" aria-label={VERDICTS[window.verdict].text}>
                  {VERDICTS[window.verdict].sign}
                </i>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {columns.map((column, row) => (
            <tr key={column.name}>
              <th scope="row" class={column.name === place?.column ? 'hl-here' : ''} title={`${column.name} (${column.role})`}>
                <span>{column.name}</span>
                {column.role !== 'feature' && column.role !== 'rows' && <small>{column.role}</small>}
              </th>
              {windows.map((window, i) => {
                const cell = window.cells[row] ?? null;
                const chosen = window.check_id === place?.check_id && column.name === place?.column;
                return (
                  <td
                    key={window.check_id}
                    role="gridcell"
                    tabIndex={chosen ? 0 : -1}
                    aria-selected={chosen}
                    aria-label={cellText(column.name, windowName(window), cell)}
                    title={cellText(column.name, windowName(window), cell)}
                    data-at={`${row} ${i}`}
                    class={cell ? `hl-heat-${cell.verdict}` : 'hl-heat-none'}
                    style={cell ? { '--hl-share': strength(cell).toFixed(2) } : undefined}
                    onClick={() => onSelect(at(row, i))}
                  >
                    <Shown cell={cell} />
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Shown({ cell }: { cell: DriftCell | null }) {
  if (!cell) return <span class="hl-muted">–</span>;
  return (
    <span>
      {cell.verdict !== 'no_drift' && <i>{VERDICTS[cell.verdict].sign}</i>}
      {cell.effect ? brief(cell.effect.value) : ''}
    </span>
  );
}

/** The year says little above a column of a map; the whole date is in its title. */
function heading(window: { window: string; created_at: string }): string {
  const name = windowName(window);
  return window.window ? name : name.slice(5);
}

function clamp(index: number, count: number): number {
  return Math.max(0, Math.min(index, count - 1));
}

/** What signs and fills of the map mean. */
export function HeatLegend() {
  return (
    <p class="hl-heat-legend" aria-label="Legend">
      <span>
        <b class="hl-heat-drift" style={{ '--hl-share': '0.7' }}>
          ▲
        </b>
        drift: surely above the minimum effect
      </span>
      <span>
        <b class="hl-heat-unknown">?</b>unknown: more rows needed
      </span>
      <span>
        <b class="hl-heat-no_drift">0.01</b>no drift
      </span>
      <span class="hl-muted">Numbers are effects: PSI of a column, AUC of all together.</span>
    </p>
  );
}
