/** Python for the notebook. Whatever comes from the store becomes a literal, so that it can do nothing. */

import type { MonitorKind, Which } from '../views/sidebar/actions';

/** A text as a literal: JSON's escapes are Python's too. */
export function text(value: string): string {
  return JSON.stringify(value);
}

function list(values: readonly string[]): string {
  return `[${values.map(text).join(', ')}]`;
}

export function loadModel(name: string, which: Which): string {
  const wanted = 'alias' in which ? `alias=${text(which.alias)}` : `version=${which.version}`;
  return lines('from hanalife import ModelStorage', `model = ModelStorage(conn).load_model(${text(name)}, ${wanted})`, 'model');
}

export function compareRuns(run_ids: readonly string[]): string {
  const [first = '', second = ''] = run_ids;
  if (run_ids.length === 2) return lines('from hanalife import compare_runs', `compare_runs(conn, ${text(first)}, ${text(second)})`);
  const others = run_ids.slice(1);
  return lines(
    'from hanalife import compare_runs',
    `for other in ${list(others)}:`,
    `    display(compare_runs(conn, ${text(first)}, other))`
  );
}

export function openMonitor(kind: MonitorKind, ids: readonly string[] = []): string {
  const argument = ids.length ? `, ${list(ids)}` : '';
  return lines(`from hanalife import ${kind}`, `monitor = ${kind}(conn${argument})`, 'monitor.start()');
}

export function listAlerts(): string {
  return 'conn.drift.alerts().collect()';
}

function lines(imports: string, ...statements: string[]): string {
  return [imports, '', ...statements].join('\n');
}

/** A cell: the lines that connect, unless the notebook has them already, and the code; all imports first. */
export function withConnection(connecting: string, code: string, cells: readonly string[]): string {
  const [imports, statements] = halves(connecting);
  if (!statements || cells.some(cell => cell.includes(statements))) return code;
  const [more, then] = halves(code);
  const head = [imports, more].filter(Boolean).join('\n');
  return [head, [statements, then].filter(Boolean).join('\n')].join('\n\n');
}

/** Imports and statements, which an empty line parts; no literal has one. */
function halves(code: string): [imports: string, statements: string] {
  const parts = code.trimEnd().split('\n\n');
  return parts.length > 1 ? [parts[0]!, parts[1]!] : ['', parts[0]!];
}
