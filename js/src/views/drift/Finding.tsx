/** What one check found of one column: verdict, interval, rows still needed, distributions, other measures. */
import type { CheckDetail, CheckedColumn } from '../../contract/types.gen';
import type { Answerer } from '../../rpc/source';
import { useDetail } from '../../ui/hooks';
import { DataTable } from '../../ui/parts';
import { Distribution } from './Distribution';
import { IntervalLine } from './IntervalLine';
import { Verdict } from './Verdict';
import { bounds, brief, hasInterval, measureName, type Place, sentence, windowName } from './words';

export function Finding({ source, place }: { source: Answerer; place: Place }) {
  const { value, error } = useDetail<CheckDetail>(source, 'drift_check', 'check_id', place.check_id, '');
  if (error) return <p class="hl-empty">{error}</p>;
  if (!value) return <p class="hl-empty">Reading …</p>;
  const column = value.columns.find(each => each.name === place.column);
  return (
    <section class="hl-finding" aria-label={`${place.column} in ${windowName(value)}`}>
      <header class="hl-title">
        <h4>{place.column}</h4>
        {column && <Verdict word={column.verdict} />}
        <small>
          {windowName(value)} · {value.current_rows.toLocaleString('en')} current rows against{' '}
          {value.reference_rows.toLocaleString('en')}
        </small>
      </header>
      {column ? <Found check={value} column={column} /> : <p class="hl-empty">This column was not compared in this window.</p>}
    </section>
  );
}

function Found({ check, column }: { check: CheckDetail; column: CheckedColumn }) {
  return (
    <div class="hl-found">
      <div class="hl-found-facts">
        <p>{sentence(column)}</p>
        {column.effect && <IntervalLine effect={column.effect} verdict={column.verdict} />}
        {column.rows_needed !== null && <RowsNeeded rows={check.current_rows} needed={column.rows_needed} />}
        <Others column={column} />
        {check.notes.length > 0 && (
          <details class="hl-notes-of-check">
            <summary>Check details</summary>
            <ul>
              {check.notes.map(note => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          </details>
        )}
      </div>
      <Distribution check={check} column={column} />
    </div>
  );
}

function RowsNeeded({ rows, needed }: { rows: number; needed: number }) {
  const share = Math.min(1, rows / Math.max(needed, 1));
  const text = `${rows.toLocaleString('en')} of about ${needed.toLocaleString('en')} rows for a verdict`;
  return (
    <p class="hl-needed">
      <span class="hl-progress" role="meter" aria-label={text} aria-valuenow={rows} aria-valuemin={0} aria-valuemax={needed}>
        <span style={{ width: `${share * 100}%` }} />
      </span>
      {text}
    </p>
  );
}

function Others({ column }: { column: CheckedColumn }) {
  const shown = column.effect ? [column.effect, ...column.others] : column.others;
  const rows = shown.map(effect => ({
    key: effect.measure,
    cells: [
      measureName(effect.measure),
      brief(effect.value),
      hasInterval(effect) ? bounds(effect) : <span title={effect.withheld}>{bounds(effect)}</span>,
      effect.minimum === null ? '' : brief(effect.minimum)
    ]
  }));
  if (!rows.length) return null;
  return <DataTable head={['Measure', 'Value', '95 % interval', 'Minimum effect']} rows={rows} numbers={[1, 2, 3]} empty="" />;
}
