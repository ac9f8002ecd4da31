/** Which database is shown, and the way to further ones. */
import type { ConnectionRow } from '../../contract/types.gen';

interface Props {
  rows: ConnectionRow[];
  chosen: string;
  onChoose(name: string): void;
  onEdit(): void;
}

export function ConnectionChoice({ rows, chosen, onChoose, onEdit }: Props) {
  return (
    <div class="hl-connection">
      <select
        class="hl-select"
        aria-label="Database"
        title={rows.find(row => row.name === chosen)?.database ?? ''}
        value={chosen}
        onChange={event => onChoose(event.currentTarget.value)}
      >
        {rows.map(row => (
          <option key={row.name} value={row.name} disabled={row.problem !== '' && row.name !== chosen}>
            {title(row)}
          </option>
        ))}
      </select>
      <button type="button" class="hl-insert" title="Edit connections" aria-label="Edit connections" onClick={onEdit}>
        <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
          <path d="M2 4.5h6m4 0h2M2 11.500h2m4 0h6" />
          <circle cx="10" cy="4.5" r="2" />
          <circle cx="6" cy="11.500" r="2" />
        </svg>
      </button>
    </div>
  );
}

function title(row: ConnectionRow): string {
  const name = row.name || 'Default database';
  return row.problem ? `${name} – cannot be used` : name;
}
