/** The versions of a model, newest first: held-out metrics with intervals, aliases, ticks to compare, promotion. */
import { useState } from 'preact/hooks';
import type { ModelDetail, VersionRow } from '../../contract/types.gen';
import type { Answerer } from '../../rpc/source';
import { Button } from '../../ui/controls/ControlButton';
import { Instant } from '../../ui/Instant';
import { Alias } from './Alias';
import { isHeldOut, keyText, title } from '../ranking';
import { NO_HELD_OUT, rollBackText } from './Evidence';
import { evidenceKeys, metricOf, spanOf } from './groups';
import { MetricMark } from './MetricMark';
import { PromoteForm } from './PromoteForm';

const MOST_AT_FIRST = 25;

interface Props {
  source: Answerer;
  detail: ModelDetail;
  ticked: ReadonlySet<number>;
  onTick(version: number): void;
  onOpenRun?: ((run_id: string, name: string) => void) | undefined;
}

export function Versions({ source, detail, ticked, onTick, onOpenRun }: Props) {
  const [most, setMost] = useState(MOST_AT_FIRST);
  const [promoting, setPromoting] = useState(0);
  const shown = detail.versions.slice(0, most);
  const metrics = evidenceKeys(detail.versions);
  const spans = new Map(metrics.map(key => [key, spanOf(shown, key)]));
  const hasRuns = shown.some(version => version.run_id);
  if (!shown.length) return <p class="hl-empty">No version is stored any more; the history tells what there was.</p>;

  const line = (version: VersionRow) => (
    <tr key={version.version} class={version.aliases.includes('champion') ? 'hl-is-champion' : ''}>
      <td>
        <input
          type="checkbox"
          aria-label={`Compare version ${version.version}`}
          checked={ticked.has(version.version)}
          onChange={() => onTick(version.version)}
        />
      </td>
      <th scope="row" class="hl-number">
        {version.version}
      </th>
      <td>
        {version.aliases.map(alias => (
          <Alias key={alias} name={alias} />
        ))}
        {version.rolled_back && (
          <small class="hl-rolled-back" title={rollBackText(version.rolled_back)}>
            rolled back{version.rolled_back.note && `: ${version.rolled_back.note}`}
          </small>
        )}
      </td>
      {version.metrics.some(isHeldOut) ? (
        metrics.map(key => (
          <td key={keyText(key)}>
            <MetricMark metric={metricOf(version, key)} span={spans.get(key) ?? null} />
          </td>
        ))
      ) : (
        <td colSpan={Math.max(1, metrics.length)}>
          <small>{NO_HELD_OUT}</small>
        </td>
      )}
      <td class="hl-when">
        <Instant at={version.created_at} />
        <small>{version.created_by}</small>
      </td>
      {hasRuns && (
        <td>
          {version.run_id &&
            (onOpenRun ? (
              <button type="button" class="hl-link" onClick={() => onOpenRun(version.run_id!, `version ${version.version}`)}>
                run
              </button>
            ) : (
              <small title={version.run_id}>{version.run_id.slice(0, 12)}</small>
            ))}
        </td>
      )}
      <td class="hl-note">{version.notes}</td>
      <td class="hl-act">
        <Button
          expanded={promoting === version.version}
          title={`Let an alias name version ${version.version}`}
          onClick={() => setPromoting(promoting === version.version ? 0 : version.version)}
        >
          Promote …
        </Button>
      </td>
    </tr>
  );

  return (
    <>
      {promoting > 0 && (
        <PromoteForm key={promoting} source={source} detail={detail} version={promoting} onClose={() => setPromoting(0)} />
      )}
      <div class="hl-wide">
        <table class="hl-grid hl-versions" aria-label={`Versions of ${detail.name}`}>
          <thead>
            <tr>
              <td />
              <th scope="col" class="hl-number">
                Version
              </th>
              <th scope="col">Aliases</th>
              {metrics.map(key => (
                <th scope="col" key={keyText(key)}>
                  {title(key)}
                </th>
              ))}
              {!metrics.length && <th scope="col">Held-out metric</th>}
              <th scope="col">Saved (UTC)</th>
              {hasRuns && <th scope="col">Run</th>}
              <th scope="col">Notes</th>
              <td />
            </tr>
          </thead>
          <tbody>{shown.map(line)}</tbody>
        </table>
      </div>
      {detail.versions.length > most && (
        <p class="hl-empty">
          <button type="button" class="hl-link" onClick={() => setMost(Infinity)}>
            Show all {detail.versions.length} versions
          </button>
        </p>
      )}
    </>
  );
}
