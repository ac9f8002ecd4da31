/** Stored models, one line each; the selected one can be loaded in the notebook. */
import { useMemo, useState } from 'preact/hooks';
import type { ModelsPayload } from '../../contract/types.gen';
import { Button } from '../../ui/controls/ControlButton';
import { filterRows } from '../../ui/order';
import { Table } from '../../ui/Table';
import type { Actions, Reveal, Which } from './actions';
import { modelColumns } from './columns';
import { groups, type ModelGroup, modelText } from './models';
import { Part, SelectionBar } from './Part';

interface Props {
  payload: ModelsPayload;
  query: string;
  actions: Actions;
  reveal: Reveal | null;
}

export function ModelsPart({ payload, query, actions, reveal }: Props) {
  const [selected, select] = useState('');
  const all = useMemo(() => groups(payload.models), [payload]);
  const found = useMemo(() => filterRows(all, query, modelText), [all, query]);
  const model = found.find(each => each.name === selected);

  return (
    <Part
      name="models"
      title="Models"
      count={found.length}
      reveal={reveal}
      insert={model ? `Insert a monitor of ${model.name}` : 'Insert a model monitor'}
      onInsert={() => actions.insertMonitor('ModelMonitor', model ? [model.name] : [])}
    >
      <Table
        label="Models"
        columns={modelColumns}
        rows={found}
        rowKey={each => each.name}
        selected={selected}
        onSelect={select}
        onOpen={actions.openModel}
        clickOpens
        empty={all.length ? 'No model matches.' : 'No stored models. ModelStorage(conn).save_model(model) keeps one.'}
      />
      {model && <Load key={model.name} model={model} actions={actions} />}
    </Part>
  );
}

interface Choice {
  label: string;
  which: Which;
}

/** Aliases first, since they are meant to be loaded by. */
function choices(model: ModelGroup): Choice[] {
  return [
    ...model.aliases.map(([alias, version]) => ({ label: `${alias} (version ${version})`, which: { alias } })),
    ...model.versions.map(({ version }) => ({ label: `version ${version}`, which: { version } }))
  ];
}

function Load({ model, actions }: { model: ModelGroup; actions: Actions }) {
  const [chosen, choose] = useState(0);
  const all = choices(model);
  const choice = all[chosen] ?? all[0]!;
  return (
    <SelectionBar label={`Model ${model.name}`}>
      <select
        class="hl-select"
        aria-label={`Version of ${model.name}`}
        value={String(chosen)}
        onChange={event => choose(Number(event.currentTarget.value))}
      >
        {all.map((each, i) => (
          <option key={each.label} value={String(i)}>
            {each.label}
          </option>
        ))}
      </select>
      <Button
        tone="chief"
        title={`Insert code that loads ${choice.label} of ${model.name}`}
        onClick={() => actions.insertModel(model.name, choice.which)}
      >
        Load
      </Button>
    </SelectionBar>
  );
}
