/** What a search has tried: the mean score of each candidate as a chart, and the best with their parameters. */
import { toNumber } from '../contract/decode';
import type { Search } from '../contract/types.gen';
import { LineChart } from '../ui/charts';
import { number } from '../ui/format';
import { DataTable } from '../ui/parts';
import { ParallelCoordinates } from './ParallelCoordinates';

export function Searches({ searches, active }: { searches: Search[]; active: boolean }) {
  if (!searches.length) return <p class="hl-empty">No search is recorded.</p>;
  return (
    <>
      {searches.map(search => (
        <OneSearch key={search.metric} search={search} active={active} />
      ))}
    </>
  );
}

function OneSearch({ search, active }: { search: Search; active: boolean }) {
  const [best] = search.candidates;
  const rungs = search.candidates.some(each => each.rung > 1);
  return (
    <section class="hl-search-found" aria-label={`Search by ${search.metric}`}>
      <p class="hl-empty" aria-live="polite">
        {active ? 'Best so far' : 'Best'} of {search.total}: <b>{best && number(toNumber(best.score))}</b> (mean{' '}
        {search.metric}, {search.lower_is_better ? 'lower' : 'higher'} is better) with {best?.parameters}
      </p>
      <div class="hl-charts">
        <LineChart curve={search.chart} />
        <ParallelCoordinates search={search} />
        <DataTable
          caption={search.candidates.length < search.total ? `The best ${search.candidates.length}` : 'Candidates'}
          head={['Candidate', `Mean ${search.metric}`, 'Folds', ...(rungs ? ['Rung'] : []), 'Parameters']}
          rows={search.candidates.map(each => ({
            key: String(each.candidate),
            cells: [
              each.candidate,
              number(toNumber(each.score)),
              each.folds,
              ...(rungs ? [each.rung] : []),
              each.parameters
            ]
          }))}
          numbers={rungs ? [0, 1, 2, 3] : [0, 1, 2]}
          empty=""
        />
      </div>
    </section>
  );
}
