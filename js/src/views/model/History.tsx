/** What happened to a model and its aliases, newest first. */
import type { ModelDetail, ModelEventRow } from '../../contract/types.gen';
import { moment } from '../../ui/format';
import { DataTable } from '../../ui/parts';

const WORDS: Record<string, string> = {
  SAVED: 'saved',
  REPLACED: 'replaced',
  META_REPLACED: 'described anew',
  IMPORTED: 'imported',
  DELETED: 'deleted',
  MOVED: 'moved',
  ROLLED_BACK: 'rolled back',
  REMOVED: 'alias removed'
};

export function History({ detail }: { detail: ModelDetail }) {
  const rows = detail.history.map((event, i) => ({
    key: String(i),
    cells: [moment(event.happened_at), WORDS[event.event] ?? event.event.toLowerCase(), event.alias ?? '', path(event), event.happened_by, event.note]
  }));
  return (
    <>
      <div class="hl-wide hl-history">
        <DataTable head={['Time (UTC)', 'Event', 'Alias', 'Version', 'By', 'Why']} rows={rows} empty="Nothing happened yet." />
      </div>
      {detail.history_total > detail.history.length && (
        <p class="hl-empty">
          The newest {detail.history.length} of {detail.history_total} events.
        </p>
      )}
    </>
  );
}

function path(event: ModelEventRow): string {
  const now = event.version === null ? 'none' : String(event.version);
  return event.before === null || event.before === event.version ? now : `${event.before} → ${now}`;
}
