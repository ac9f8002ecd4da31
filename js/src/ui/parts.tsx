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

export function Banner({ children }: { children: ComponentChildren }) {
  return (
    <p class="hl-banner" role="alert">
      <i aria-hidden="true">!</i>
      <span>{children}</span>
    </p>
  );
}

export function Search({ value, onInput, label }: { value: string; onInput(text: string): void; label: string }) {
  return (
    <input
      class="hl-search"
      type="search"
      placeholder={label}
      aria-label={label}
      value={value}
      onInput={event => onInput(event.currentTarget.value)}
      onKeyDown={event => event.stopPropagation()}
    />
  );
}
