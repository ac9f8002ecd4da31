/** Stored models, live, with the details and controls of one model. */
import type { AnyModel } from '@anywidget/types';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { ModelDetail as Detail, ModelRow, ModelsPayload } from '../contract/types.gen';
import type { Source } from '../rpc/source';
import { count } from '../ui/format';
import { useLatestDetail, useSource } from '../ui/hooks';
import { useNarrow } from '../ui/narrow';
import { MonitorBar } from '../ui/MonitorBar';
import { filterRows } from '../ui/order';
import { Banner, emptyText, Search } from '../ui/parts';
import { Table } from '../ui/Table';
import { cancel, useTrait } from '../ui/trait';
import { modelColumns } from './model/columns';
import { groups, groupText } from './model/groups';
import { ModelDetail } from './ModelDetail';

interface Props {
  source: Source<ModelsPayload>;
  selected: string;
  onSelect(name: string): void;
  onCancel(): void;
}

const BY_NAME = { key: 'model', descending: false };
const NONE: ModelRow[] = [];
const NARROW = [680];

export function ModelCell({ source, host }: { source: Source<ModelsPayload>; host: AnyModel }) {
  const [selected, select] = useTrait<string>(host, 'selected');
  return <ModelView source={source} selected={selected} onSelect={select} onCancel={() => cancel(source)} />;
}

export function ModelView({ source, selected, onSelect, onCancel }: Props) {
  const { payload, status } = useSource(source);
  const [query, setQuery] = useState('');
  const view = useRef<HTMLElement>(null);
  const narrow = useNarrow(view, NARROW) > 0;
  const rows = payload?.models ?? NONE;
  const all = useMemo(() => groups(rows), [rows]);
  const found = useMemo(() => filterRows(all, query, groupText), [all, query]);
  const columns = useMemo(() => modelColumns(narrow), [narrow]);
  // A single model needs no choice.
  const model = all.length === 1 ? all[0] : all.find(each => each.name === selected);

  return (
    <section class="hl-view" aria-label="Model Monitor" ref={view}>
      <MonitorBar title="Model Monitor" status={status} stop="Stop watching" onCancel={onCancel}>
        <Search value={query} onInput={setQuery} label="Search models" />
        <small aria-live="polite" class="hl-count">
          {found.length === all.length ? count(all.length, 'model') : `${found.length} of ${count(all.length, 'model')}`}
        </small>
      </MonitorBar>
      {status.word === 'lost' && <Banner>{status.text}</Banner>}
      {payload && payload.absent.length > 0 && (
        <Banner>No such model yet: {payload.absent.join(', ')}. It will appear here once it is saved.</Banner>
      )}
      <div class="hl-split hl-single">
        <Table
          label="Models"
          columns={columns}
          rows={found}
          rowKey={each => each.name}
          selected={model?.name ?? ''}
          onSelect={onSelect}
          sort={BY_NAME}
          empty={emptyText(payload !== null, all.length > 0, 'No model matches the search.', 'No models yet. They appear as soon as ModelStorage saves one.')}
        />
      </div>
      <Selected source={source} name={model?.name ?? ''} />
    </section>
  );
}

function Selected({ source, name }: { source: Source<ModelsPayload>; name: string }) {
  const { value, waiting, error } = useLatestDetail<Detail>(source, 'model', 'name', name);
  if (!name) return <p class="hl-empty hl-details">Select a model to see its versions and aliases.</p>;
  return <ModelDetail key={name} source={source} detail={value} waiting={waiting} error={error} title={name} />;
}
