/** What a person writes for parameters, as the values of one job: pure. */

/** A parameter as it is being edited; `own` is the task's value as JSON, null for a new one. */
export interface Entry {
  name: string;
  text: string;
  own: string | null;
}

/** The value that a text stands for: JSON, or else the text itself. */
export function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The parameters that differ from the task's own. */
export function changed(entries: readonly Entry[]): Record<string, unknown> {
  const others = entries.filter(entry => entry.name.trim() && entry.text.trim() && entry.text !== entry.own);
  return Object.fromEntries(others.map(entry => [entry.name.trim(), valueOf(entry.text.trim())]));
}
