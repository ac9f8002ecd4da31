/** What speaks for a version: its held-out value with the interval, or that it has none, and whether it was rolled back. */
import type { ModelDetail, RollBack, VersionRow } from '../../contract/types.gen';
import { moment } from '../../ui/format';
import { same } from '../ranking';
import { evidenceOf } from './groups';
import { metricText } from './MetricMark';

export const NO_HELD_OUT = 'no held-out value';

/** Why a version was taken back; a pipeline notes the comparison on the same rows. */
export function rollBackText({ alias, version, happened_at, happened_by, note }: RollBack): string {
  const to = version === null ? '' : ` to version ${version}`;
  return `${alias} was rolled back from it${to} on ${moment(happened_at)} UTC by ${happened_by}${note && `: ${note}`}`;
}

/** What a decision to promote rests on: never values of training rows. */
export function Evidence({ detail, version, alias }: { detail: ModelDetail; version: number; alias: string }) {
  const offered = detail.versions.find(each => each.version === version);
  const present = detail.versions.find(each => each.version === detail.aliases.find(row => row.alias === alias)?.version);
  if (!offered) return null;
  const value = evidenceOf(offered, detail.versions);
  const other = present && present !== offered ? evidenceOf(present, detail.versions) : null;
  return (
    <ul class="hl-evidence" aria-label="Evidence">
      <Held version={offered} detail={detail} />
      {present && present !== offered && <Held version={present} detail={detail} role={`, ${alias} now`} />}
      {value && other && (
        <li>
          <small>
            {same(value, other)
              ? 'Measured when each version was saved, perhaps on different rows: only a comparison on the same rows decides.'
              : 'Different sources: these values do not compare.'}
          </small>
        </li>
      )}
      {offered.rolled_back && <li class="hl-rolled-back">{rollBackText(offered.rolled_back)}</li>}
    </ul>
  );
}

function Held({ version, detail, role = '' }: { version: VersionRow; detail: ModelDetail; role?: string }) {
  const value = evidenceOf(version, detail.versions);
  return (
    <li>
      Version {version.version}
      {role}: {value ? <b>{metricText(value)}</b> : `${NO_HELD_OUT}; fit with a partition, or score it on other rows in its run before it is saved`}
    </li>
  );
}
