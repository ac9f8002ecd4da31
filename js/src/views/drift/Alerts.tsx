/** What drifted, newest first, and who has seen it. */
import { useState } from 'preact/hooks';
import type { DriftAlert, DriftDetail } from '../../contract/types.gen';
import type { Answerer } from '../../rpc/source';
import { ControlButton } from '../../ui/controls/ControlButton';
import { moment } from '../../ui/format';
import { windowName } from './words';

export function Alerts({ source, detail }: { source: Answerer; detail: DriftDetail }) {
  if (!detail.alerts.length) return <p class="hl-empty">No check has found drift.</p>;
  return (
    <ul class="hl-alerts" aria-label="Alerts">
      {detail.alerts.map(alert => (
        <Alert key={alert.check_id} source={source} alert={alert} />
      ))}
    </ul>
  );
}

function Alert({ source, alert }: { source: Answerer; alert: DriftAlert }) {
  const [note, setNote] = useState('');
  const seen = alert.acknowledged;
  return (
    <li class={seen ? 'hl-seen' : ''}>
      <span class="hl-alert-sign" role="img" aria-label={seen ? 'acknowledged' : 'open'}>
        {seen ? '✓' : '▲'}
      </span>
      <div class="hl-alert-what">
        <b>{alert.what.join(', ')}</b>
        <small>
          {windowName(alert)} · {alert.current_rows.toLocaleString('en')} rows of {alert.current} · found {moment(alert.created_at)} UTC
        </small>
        {seen && (
          <small>
            seen by {seen.by} at {moment(seen.at)} UTC{seen.note && `: ${seen.note}`}
          </small>
        )}
      </div>
      {!seen && (
        <div class="hl-controls">
          <input
            class="hl-input"
            placeholder="What you made of it"
            aria-label={`What you made of the alert of ${windowName(alert)}`}
            value={note}
            autocomplete="off"
            onInput={event => setNote(event.currentTarget.value)}
            onKeyDown={event => event.stopPropagation()}
          />
          <ControlButton source={source} name="drift.acknowledge" args={{ check_id: alert.check_id, note }}>
            Acknowledge
          </ControlButton>
        </div>
      )}
    </li>
  );
}
