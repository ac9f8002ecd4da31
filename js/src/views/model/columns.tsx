/** The columns of the list of models. */
import { Instant } from '../../ui/Instant';
import type { Column } from '../../ui/Table';
import { Alias } from './Alias';
import type { ModelGroup } from './groups';

type ModelColumn = Column<ModelGroup>;

const name: ModelColumn = {
  key: 'model',
  label: 'Model',
  track: 'minmax(120px, 2fr)',
  least: 120,
  value: group => group.name
};

const aliases: ModelColumn = {
  key: 'aliases',
  label: 'Aliases',
  track: 'minmax(140px, 2fr)',
  least: 140,
  value: group => group.aliases.map(each => each.alias).join(' '),
  draw: group =>
    group.aliases.length ? (
      <>
        {group.aliases.map(each => (
          <Alias key={each.alias} name={each.alias} version={each.version} />
        ))}
      </>
    ) : (
      <span class="hl-muted">none</span>
    )
};

const versions: ModelColumn = {
  key: 'versions',
  label: 'Versions',
  track: '66px',
  least: 66,
  numeric: true,
  value: group => group.versions
};

const newest: ModelColumn = {
  key: 'newest',
  label: 'Newest',
  track: '62px',
  least: 62,
  numeric: true,
  value: group => group.newest.version
};

const kind: ModelColumn = {
  key: 'kind',
  label: 'Kind',
  track: 'minmax(110px, 1fr)',
  least: 110,
  value: group => group.newest.kind
};

const saved: ModelColumn = {
  key: 'saved',
  label: 'Saved (UTC)',
  track: '124px',
  least: 124,
  value: group => group.newest.created_at,
  draw: group => <Instant at={group.newest.created_at} />
};

/** What the list shows; in a narrow place only what matters most. */
export function modelColumns(narrow: boolean): ModelColumn[] {
  return narrow ? [name, aliases, newest] : [name, aliases, versions, newest, kind, saved];
}
