/** A model in the main area: its versions, the aliases that name them, and the runs that made them. */
import { useEffect, useMemo } from 'preact/hooks';
import type { ModelsPayload } from '../contract/types.gen';
import { type FetchJson, HttpSource } from '../rpc/http';
import { Button } from '../ui/controls/ControlButton';
import { moment } from '../ui/format';
import { useSource } from '../ui/hooks';
import { DataTable } from '../ui/parts';
import type { Which } from '../views/sidebar/actions';
import { groups } from '../views/sidebar/models';

interface Props {
  fetchJson: FetchJson;
  name: string;
  onOpenRun(run_id: string, name: string): void;
  onLoad(which: Which): void;
}

export function ModelPane({ fetchJson, name, onOpenRun, onLoad }: Props) {
  const source = useMemo(() => new HttpSource<ModelsPayload>(fetchJson, 'models'), [fetchJson]);
  useEffect(() => () => source.dispose(), [source]);
  const { payload, status } = useSource(source);
  const model = payload && groups(payload.models).find(each => each.name === name);
  const rows = (model?.versions ?? []).map(row => ({
    key: String(row.version),
    cells: [
      row.version,
      row.aliases.join(', '),
      row.kind,
      row.library,
      moment(row.created_at),
      row.run_id && (
        <button type="button" class="hl-link" onClick={() => onOpenRun(row.run_id!, `Run of ${name} ${row.version}`)}>
          {row.run_id.slice(0, 8)}
        </button>
      ),
      <Button title="Insert code that loads this version" onClick={() => onLoad({ version: row.version })}>
        Load
      </Button>
    ]
  }));
  return (
    <section class="hl-details" aria-label={`Model ${name}`}>
      <header class="hl-title">
        <h3>{name}</h3>
      </header>
      {status.word === 'lost' && <p class="hl-empty">{status.text}</p>}
      {payload && (
        <DataTable
          head={['Version', 'Aliases', 'Class', 'Library', 'Stored (UTC)', 'Run', '']}
          rows={rows}
          numbers={[0]}
          empty="No version of this model is stored; it may have been deleted."
        />
      )}
    </section>
  );
}
