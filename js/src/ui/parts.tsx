/** Small pieces that the views share. */
import type { ComponentChildren } from 'preact';
import type { Fact, Grid, MonitorStatus } from '../contract/types.gen';

/** Names and values in two columns. */
export function Facts({ facts, empty }: { facts: Fact[]; empty: string }) {
  if (!facts.length) return <p class="hl-empty">{empty}</p>;
  return (
    <table class="hl-facts">
      <tbody>
        {facts.map(fact => (
          <tr key={fact.name}>
            <th scope="row">{fact.name}</th>
            <td>{fact.value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What an empty list says: that it was not read yet, that nothing matches what was looked for, or that there is nothing. */
export function emptyText(isRead: boolean, isFiltered: boolean, noMatch: string, none: string): string {
  return !isRead ? 'Nothing was read yet.' : isFiltered ? noMatch : none;
}

/** A small table of texts. */
export function GridTable({ grid, caption, empty }: { grid: Grid; caption?: string; empty: string }) {
  if (!grid.rows.length) return <p class="hl-empty">{empty}</p>;
  return (
    <table class="hl-grid">
      {caption && <caption>{caption}</caption>}
      <thead>
        <tr>
          {grid.columns.map(name => (
            <th scope="col" key={name}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {grid.rows.map((row, i) => (
          <tr key={i}>
            {row.map((cell, j) => (
              <td key={j}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const STATUS_TEXT: Record<MonitorStatus['word'], string> = {
  starting: 'Starting',
  live: 'Live',
  lost: 'No connection',
  cancelled: 'Cancelled'
};

/** How the monitor itself is doing. */
export function Badge({ status }: { status: MonitorStatus }) {
  const text = status.word === 'cancelled' && status.text ? status.text : STATUS_TEXT[status.word];
  return (
    <span class={`hl-badge hl-is-${status.word}`} role="status">
      <i aria-hidden="true" />
      {text}
    </span>
  );
}

export const RUN_SEARCH = "Words of a name, or a search such as: metrics.AUC > 0.8 and not status = 'FAILED' order by created";

/** What is wrong with a search: the text with a caret under the place. */
export function Problem({ id, children }: { id: string; children: string }) {
  const [what, ...where] = children.split('\n');
  return (
    <div class="hl-problem" role="alert" id={id}>
      {what}
      {where.length > 0 && <pre>{where.join('\n')}</pre>}
    </div>
  );
}

export function Banner({ children }: { children: ComponentChildren }) {
  return (
    <p class="hl-banner" role="alert">
      <i aria-hidden="true">!</i>
      <span>{children}</span>
    </p>
  );
}

interface SearchProps {
  value: string;
  onInput(text: string): void;
  label: string;
  /** What may be written, shown while the pointer rests. */
  hint?: string;
  /** The id of the element that says what is wrong with the text; empty if nothing is. */
  problem?: string;
}

export function Search({ value, onInput, label, hint = '', problem = '' }: SearchProps) {
  return (
    <input
      class="hl-search"
      type="search"
      placeholder={label}
      aria-label={label}
      title={hint}
      aria-invalid={problem !== ''}
      aria-describedby={problem || undefined}
      value={value}
      onInput={event => onInput(event.currentTarget.value)}
      onKeyDown={event => event.stopPropagation()}
    />
  );
}

/** A part of a tab under a heading of its own. */
export function Section(props: { title: string; hidden?: boolean; children?: ComponentChildren }) {
  if (props.hidden) return null;
  return (
    <section class="hl-section">
      <h4>{props.title}</h4>
      {props.children}
    </section>
  );
}

interface DataTableProps {
  head: string[];
  rows: { key: string; cells: ComponentChildren[]; dim?: boolean }[];
  /** The columns that hold numbers. */
  numbers?: number[];
  caption?: string;
  empty: string;
}

/** A table of anything. */
export function DataTable({ head, rows, numbers = [], caption, empty }: DataTableProps) {
  if (!rows.length) return <p class="hl-empty">{empty}</p>;
  const kind = (column: number) => (numbers.includes(column) ? 'hl-number' : '');
  return (
    <table class="hl-grid">
      {caption && <caption>{caption}</caption>}
      <thead>
        <tr>
          {head.map((name, column) => (name ? <th scope="col" key={name} class={kind(column)}>{name}</th> : <td key={column} />))}
        </tr>
      </thead>
      <tbody>
        {rows.map(row => (
          <tr key={row.key} class={row.dim ? 'hl-dim' : ''}>
            {row.cells.map((cell, column) => (
              <td key={column} class={kind(column)}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
