/** The checks whose drift nobody has acknowledged, newest first. */
import { useEffect, useMemo } from 'preact/hooks';
import type { AlertRow, AlertsPayload } from '../../contract/types.gen';
import { Instant } from '../../ui/Instant';
import { filterRows } from '../../ui/order';
import { relative, useNow } from '../../ui/relative';
import type { Actions, Reveal } from './actions';
import { Part } from './Part';

interface Props {
  payload: AlertsPayload;
  query: string;
  actions: Actions;
  reveal: Reveal | null;
}

const OFTEN_MS = 10_000;
const NAMED = 3;

const alertText = (alert: AlertRow) =>
  [...alert.columns, alert.reference, alert.current, alert.segment, alert.window].join(' ');

export function DriftPart({ payload, query, actions, reveal }: Props) {
  const found = useMemo(() => filterRows(payload.alerts, query, alertText), [payload, query]);
  const none = payload.alerts.length ? 'No alert matches.' : 'No open alerts. conn.drift.check(reference, current) looks for drift.';
  return (
    <Part
      name="drift"
      title="Drift alerts"
      count={found.length}
      reveal={reveal}
      open={payload.alerts.length > 0}
      insert="Insert a drift monitor"
      onInsert={() => actions.insertMonitor('DriftMonitor', [])}
    >
      {found.length ? <Alerts alerts={found} actions={actions} /> : <p class="hl-empty">{none}</p>}
    </Part>
  );
}

function Alerts({ alerts, actions }: { alerts: readonly AlertRow[]; actions: Actions }) {
  const now = useNow(OFTEN_MS);
  useEffect(() => actions.attend('drifted'), [actions]);
  return (
    <ul class="hl-alert-list" aria-label="Drift alerts">
      {alerts.map(alert => (
        <li key={alert.check_id} data-key={alert.check_id}>
          <button
            type="button"
            title={alert.columns.join(', ')}
            onClick={() => actions.openDrift(alert.check_id, `Drift of ${columns(alert.columns)}`)}
          >
            <b>{columns(alert.columns)}</b>
            <Instant at={alert.created_at} text={relative(alert.created_at, now)} />
            <small>{about(alert)}</small>
          </button>
        </li>
      ))}
    </ul>
  );
}

function columns(names: string[]): string {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function about({ current, reference, segment, window }: AlertRow): string {
  return [`${current} against ${reference}`, segment, window].filter(Boolean).join(' · ');
}
