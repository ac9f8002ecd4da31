/** The tables that a task writes, with their first rows; read-only. */
import type { TablePreview, TaskDetail } from '../../contract/types.gen';
import type { Answerer } from '../../rpc/source';
import { useEffect, useState } from 'preact/hooks';
import { count } from '../../ui/format';
import { GridTable } from '../../ui/parts';

export function Outputs({ source, detail }: { source: Answerer; detail: TaskDetail }) {
  const newest = detail.jobs.find(job => job.ended_at)?.ended_at ?? '';
  return (
    <>
      {detail.outputs.map(table => (
        <Output key={table} source={source} task_id={detail.task.task_id} table={table} version={newest} />
      ))}
    </>
  );
}

interface Props {
  source: Answerer;
  task_id: string;
  table: string;
  /** New once the table may have other rows. */
  version: string;
}

function Output({ source, task_id, table, version }: Props) {
  const [shown, setShown] = useState<TablePreview | null>(null);
  const [error, setError] = useState('');
  useEffect(() => {
    let current = true;
    source.request<TablePreview>('output_table', { task_id, table }).then(
      found => current && (setShown(found), setError('')),
      (failure: Error) => current && setError(failure.message)
    );
    return () => {
      current = false;
    };
  }, [source, task_id, table, version]);

  return (
    <section class="hl-section hl-output" aria-label={`Table ${table}`}>
      <h4>
        {table} <small>{shown && note(shown)}</small>
      </h4>
      {error && <p class="hl-empty">{error}</p>}
      {!shown && !error && <p class="hl-empty">Reading …</p>}
      {shown && shown.grid.rows.length > 0 && (
        <div class="hl-output-rows">
          <GridTable grid={shown.grid} empty="" />
        </div>
      )}
    </section>
  );
}

function note({ grid, more }: TablePreview): string {
  if (!grid.columns.length) return 'not written yet';
  if (!grid.rows.length) return 'no rows';
  return more ? `the first ${grid.rows.length} rows` : count(grid.rows.length, 'row');
}
