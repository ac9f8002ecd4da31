/** The aliases of a model: what each names, since when and by whom; its course; the way back. */
import { useState } from 'preact/hooks';
import type { AliasRow, ModelDetail } from '../../contract/types.gen';
import type { Answerer } from '../../rpc/source';
import { ControlButton } from '../../ui/controls/ControlButton';
import { moment } from '../../ui/format';
import { Alias } from './Alias';
import { AliasChart } from './AliasChart';
import { aliasesOf } from './groups';

interface Props {
  source: Answerer;
  detail: ModelDetail;
}

export function Aliases({ source, detail }: Props) {
  const [note, setNote] = useState('');
  if (!detail.aliases.length)
    return <p class="hl-empty">No alias names a version yet. Promote one: people and tasks then load it by that name.</p>;
  return (
    <>
      <label class="hl-field hl-why">
        <span>Why, for the history</span>
        <input
          class="hl-input"
          value={note}
          autocomplete="off"
          onInput={event => setNote(event.currentTarget.value)}
          onKeyDown={event => event.stopPropagation()}
        />
      </label>
      {aliasesOf(detail).map(row => (
        <One key={row.alias} source={source} detail={detail} row={row} note={note} />
      ))}
    </>
  );
}

function One({ source, detail, row, note }: Props & { row: AliasRow; note: string }) {
  const args = { name: detail.name, alias: row.alias, note };
  const needed = row.movers !== null && !note.trim();
  const why = needed ? 'This alias is protected: say why first' : '';
  return (
    <section class="hl-alias-row" aria-label={`Alias ${row.alias}`}>
      <div>
        <p class="hl-alias-head">
          <Alias name={row.alias} version={row.version} />
          <small>
            since {moment(row.moved_at)} UTC by {row.moved_by}
          </small>
          {row.movers && <small>protected: {row.movers.join(', ')} may move it</small>}
        </p>
        <div class="hl-controls" role="group" aria-label={`Controls of ${row.alias}`}>
          {row.back_to !== null && (
            <ControlButton
              source={source}
              name="model.roll_back"
              args={args}
              disabled={needed}
              title={why}
              confirm={{
                question: `Let ${row.alias} name version ${row.back_to} again instead of version ${row.version}?`,
                yes: 'Roll back'
              }}
            >
              Roll back to version {row.back_to}
            </ControlButton>
          )}
          <ControlButton
            source={source}
            name="model.delete_alias"
            args={args}
            tone="grave"
            disabled={needed}
            title={why}
            confirm={{ question: `Remove ${row.alias}? Whoever loads it gets an error; the versions stay.`, yes: 'Remove' }}
          >
            Remove alias
          </ControlButton>
        </div>
      </div>
      <AliasChart detail={detail} alias={row.alias} />
    </section>
  );
}
