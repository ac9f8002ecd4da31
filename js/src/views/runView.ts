/** What a person has made of the table of runs: columns, widths, order, search; and such views by name. */
import { type Look, PLAIN } from '../ui/Table';

export interface RunView extends Look {
  /** Keys of the columns to show; null while nobody has chosen. */
  columns: string[] | null;
  /** Keys of columns as somebody has arranged them; others come after. */
  order: string[];
  query: string;
}

export const FIRST_VIEW: RunView = {
  ...PLAIN,
  pinned: ['name'],
  sort: { key: 'created', descending: true },
  columns: null,
  order: [],
  query: ''
};

/** Names of views and what they are. */
export type Views = Record<string, RunView>;

const KEY = 'hanalife runs ';

/**
 * The views of one store. They lie in the browser: how somebody likes to look at runs is of that person and
 * screen, while the store holds what all share, and a trait would end with the kernel. A front end without
 * such a place keeps them until the page is closed. Only what was given a name is kept: columns chosen for one
 * experiment would hide what another has.
 */
export class ViewShelf {
  private views: Views;

  constructor(private database: string) {
    this.views = read(KEY + database);
  }

  get named(): Views {
    return this.views;
  }

  keep(name: string, view: RunView): void {
    this.views = { ...this.views, [name]: view };
    this.write();
  }

  drop(name: string): void {
    const { [name]: _gone, ...rest } = this.views;
    this.views = rest;
    this.write();
  }

  private write(): void {
    try {
      localStorage.setItem(KEY + this.database, JSON.stringify(this.views));
    } catch {
      // No room, or no such place: the views live as long as the page.
    }
  }
}

function read(key: string): Views {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    return isViews(found) ? found : {};
  } catch {
    return {};
  }
}

function isViews(value: unknown): value is Views {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every(view => {
    const { widths, pinned, columns, order = [] } = (view ?? {}) as Partial<RunView>;
    const isChosen = columns === null || Array.isArray(columns);
    return typeof widths === 'object' && Array.isArray(pinned) && isChosen && Array.isArray(order);
  });
}
