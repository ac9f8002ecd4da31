/** Sorting and filtering of rows, pure. */
export type Cell = string | number | null | undefined;

export interface Sort {
  key: string;
  descending: boolean;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

function isMissing(value: Cell): boolean {
  return value === null || value === undefined || value === '' || Number.isNaN(value);
}

/** Compares two cells; what is missing comes last in either direction, numbers before texts. */
export function compareCells(a: Cell, b: Cell, descending = false): number {
  if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b));
  let order: number;
  if (typeof a === 'number' && typeof b === 'number') order = a < b ? -1 : a > b ? 1 : 0;
  else if (typeof a === 'number') order = -1;
  else if (typeof b === 'number') order = 1;
  else order = collator.compare(a as string, b as string);
  return descending ? -order : order;
}

/** A sorted copy; equal rows keep their order. */
export function sortRows<Row>(rows: readonly Row[], cell: (row: Row) => Cell, descending: boolean): Row[] {
  return rows
    .map(row => ({ row, value: cell(row) }))
    .sort((a, b) => compareCells(a.value, b.value, descending))
    .map(({ row }) => row);
}

/** The rows in whose text every word of the query occurs, whatever its case. */
export function filterRows<Row>(rows: readonly Row[], query: string, text: (row: Row) => string): readonly Row[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return rows;
  return rows.filter(row => {
    const hay = text(row).toLowerCase();
    return words.every(word => hay.includes(word));
  });
}
