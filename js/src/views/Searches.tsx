/** What a search has tried: the mean score of each candidate as a chart, and the best with their parameters. */
import { toNumber } from '../contract/decode';
import type { Search } from '../contract/types.gen';
import { LineChart } from '../ui/charts';
import { number } from '../ui/format';
import { DataTable } from '../ui/parts';
import { ParallelCoordinates } from './ParallelCoordinates';

export function Searches({ searches }: { searches: Search[] }) {
  if (!searches.length) return <p class="hl-empty">No search is recorded.</p>;
  return (
    <>
      {searches.map(search => (
        <OneSearch key={search.metric} search={search} />
      ))}
    </>
  );
}

function OneSearch({ search }: { search: Search }) {
  const { metric, candidates, total, rungs } = search;
  return (
    <section class="hl-search-found" aria-label={`Search by ${metric}`}>
      <p class="hl-empty" aria-live="polite">
        {search.summary}
      </p>
      <div class="hl-charts">
        <LineChart curve={search.chart} />
        <ParallelCoordinates search={search} />
        <DataTable
          caption={candidates.length < total ? `The best ${candidates.length}` : 'Candidates'}
          head={['Candidate', `Mean ${metric} (cv)`, 'Folds', ...(rungs > 1 ? ['Rung'] : []), 'Parameters']}
          rows={candidates.map(each => ({
            key: String(each.candidate),
            dim: !each.complete,
            cells: [
              each.candidate,
              number(toNumber(each.score)),
              each.complete ? each.folds : `${each.folds} so far`,
              ...(rungs > 1 ? [each.rung] : []),
              each.parameters
            ]
          }))}
          numbers={rungs > 1 ? [0, 1, 2, 3] : [0, 1, 2]}
          empty=""
        />
      </div>
    </section>
  );
}
