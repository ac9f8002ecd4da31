/** Versions side by side: what differs is marked, by a sign and a tone. */
import { useState } from 'preact/hooks';
import type { ComparedRow, ModelComparison, ModelDetail } from '../../contract/types.gen';
import type { Answerer } from '../../rpc/source';
import { useDetail } from '../../ui/hooks';
import { Alias } from './Alias';
import { toCompare } from './groups';

const TITLES: Record<ComparedRow['section'], string> = {
  PARAMETER: 'Parameters',
  DATA: 'Data',
  METRIC: 'Metrics',
  ENVIRONMENT: 'Environment'
};

interface Props {
  source: Answerer;
  detail: ModelDetail;
  ticked: ReadonlySet<number>;
}

export function Compare({ source, detail, ticked }: Props) {
  const [all, setAll] = useState(false);
  const versions = toCompare(detail, ticked);
  const { value, error } = useComparison(source, detail.name, versions);
  if (!versions.length) return <p class="hl-empty">No version is stored any more.</p>;
  if (error) return <p class="hl-empty">{error}</p>;
  if (!value) return <p class="hl-empty">Reading …</p>;
  const rows = value.rows.filter(row => all || row.different || value.versions.length < 2);
  return (
    <>
      <p class="hl-compare-bar">
        <label>
          <input type="checkbox" checked={!all} onChange={() => setAll(!all)} /> Only what differs
        </label>
        <small>
          {value.rows.filter(row => row.different).length} of {value.rows.length} facts differ
          {!ticked.size && '; tick versions to choose which'}
        </small>
      </p>
      {rows.length ? (
        <div class="hl-wide">
          <Sides comparison={value} rows={rows} detail={detail} />
        </div>
      ) : (
        <p class="hl-empty">Nothing differs but the fit itself.</p>
      )}
    </>
  );
}

/** Asks by the model's name; the versions are part of the question. */
function useComparison(source: Answerer, name: string, versions: number[]) {
  const asked = versions.join(',');
  const [asker] = useState(() => ({
    request: <T,>(method: string, args: Record<string, string> = {}) => {
      const [versions = '', ...rest] = (args['key'] ?? '').split(' ');
      return source.request<T>(method, { name: rest.join(' '), versions });
    }
  }));
  return useDetail<ModelComparison>(asker, 'model_comparison', 'key', asked && `${asked} ${name}`, '');
}

function Sides({ comparison, rows, detail }: { comparison: ModelComparison; rows: ComparedRow[]; detail: ModelDetail }) {
  const sections = [...new Set(rows.map(row => row.section))];
  const several = comparison.versions.length > 1;
  return (
    <table class="hl-grid hl-sides" aria-label="Versions side by side">
      <thead>
        <tr>
          <td />
          <th scope="col">Name</th>
          {comparison.versions.map(version => (
            <th scope="col" key={version}>
              Version {version}{' '}
              {detail.versions
                .find(each => each.version === version)
                ?.aliases.map(alias => <Alias key={alias} name={alias} />)}
            </th>
          ))}
        </tr>
      </thead>
      {sections.map(section => (
        <tbody key={section}>
          <tr>
            <th scope="rowgroup" colSpan={2 + comparison.versions.length} class="hl-side-title">
              {TITLES[section]}
            </th>
          </tr>
          {rows
            .filter(row => row.section === section)
            .map(row => (
              <tr key={row.name} class={row.different && several ? 'hl-differs' : ''}>
                <td>
                  {row.different && several && (
                    <span role="img" aria-label="differs" title="differs">
                      ≠
                    </span>
                  )}
                </td>
                <th scope="row">{row.name}</th>
                {row.values.map((value, i) => (
                  <td key={i}>{value || <span class="hl-muted">–</span>}</td>
                ))}
              </tr>
            ))}
        </tbody>
      ))}
    </table>
  );
}
