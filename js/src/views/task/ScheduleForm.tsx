/** When a task is due, being written: with the next due times, or the place that is wrong, while one types. */
import { useEffect, useId, useState } from 'preact/hooks';
import type { SchedulePreview, TaskRow } from '../../contract/types.gen';
import type { Answerer } from '../../rpc/source';
import { Button, ControlProblem } from '../../ui/controls/ControlButton';
import { useControl } from '../../ui/controls/useControl';
import { moment } from '../../ui/format';
import { relative, useNow } from '../../ui/relative';
import { Form } from './Form';

interface Props {
  source: Answerer;
  task: TaskRow;
  onClose(): void;
}

const EXAMPLES: [name: string, cron: string][] = [
  ['every 15 min', '* * * * * */15 0'],
  ['hourly', '* * * * * 0 0'],
  ['daily', '* * * * 8 0 0'],
  ['weekdays', '* * * mon:fri 8 0 0'],
  ['Mondays', '* * * mon 8 0 0'],
  ['monthly', '* * 1 * 8 0 0']
];
const DAILY = '* * * * 8 0 0';
const PAUSE_MS = 150;

export function ScheduleForm({ source, task, onClose }: Props) {
  const [cron, setCron] = useState(task.cron ?? DAILY);
  const [zone, setZone] = useState(task.timezone ?? 'UTC');
  const { preview, error: unanswered } = usePreview(source, task.task_id, cron, zone);
  const { busy, error, run, forget } = useControl(source, task.cron === null ? 'schedule.create' : 'schedule.alter', onClose);
  const zones = useId();
  const wrong = useId();
  const problem = preview?.problem ?? null;
  const same = cron === task.cron && zone === task.timezone;
  const save = () => {
    if (!same && preview && !problem) void run({ task_id: task.task_id, cron, timezone: zone });
  };

  return (
    <Form title={`Schedule of ${task.task_id}`} onSubmit={save} onClose={onClose}>
      <div class="hl-schedule">
        <div class="hl-schedule-fields">
          <label class="hl-field">
            <span>Cron</span>
            <input
              class="hl-input hl-code"
              spellcheck={false}
              autocomplete="off"
              value={cron}
              aria-invalid={problem?.argument === 'cron'}
              aria-describedby={problem ? wrong : undefined}
              onInput={event => setCron(event.currentTarget.value)}
            />
          </label>
          {problem?.argument === 'cron' && problem.end > problem.start && (
            <pre class="hl-caret" aria-hidden="true">
              {' '.repeat(problem.start) + '^'.repeat(problem.end - problem.start)}
            </pre>
          )}
          {problem?.argument === 'cron' && <Wrong id={wrong}>{problem.message}</Wrong>}
          <small class="hl-hint">year month monthday weekday hour minute second, or five fields as of Unix</small>
          <label class="hl-field">
            <span>Time zone</span>
            <input
              class="hl-input"
              list={zones}
              spellcheck={false}
              autocomplete="off"
              value={zone}
              aria-invalid={problem?.argument === 'timezone'}
              aria-describedby={problem ? wrong : undefined}
              onInput={event => setZone(event.currentTarget.value)}
            />
          </label>
          <datalist id={zones}>
            {ZONES.map(name => (
              <option key={name} value={name} />
            ))}
          </datalist>
          {problem?.argument === 'timezone' && <Wrong id={wrong}>{problem.message}</Wrong>}
          <div class="hl-examples" role="group" aria-label="Examples">
            {EXAMPLES.map(([name, text]) => (
              <button type="button" class="hl-chip" key={name} title={text} onClick={() => setCron(text)}>
                {name}
              </button>
            ))}
          </div>
        </div>
        <Preview preview={preview} unanswered={unanswered} zone={zone} />
      </div>
      <div class="hl-controls">
        <Button tone="chief" busy={busy} disabled={same || !preview || problem !== null} onClick={save}>
          {task.cron === null ? 'Save schedule' : 'Change schedule'}
        </Button>
        <Button onClick={onClose}>Close</Button>
        {error && <ControlProblem onForget={forget}>{error}</ControlProblem>}
      </div>
    </Form>
  );
}

const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone')];

function Wrong({ id, children }: { id: string; children: string }) {
  return (
    <p class="hl-wrong" id={id} role="alert">
      {children}
    </p>
  );
}

interface PreviewProps {
  preview: SchedulePreview | null;
  unanswered: string;
  zone: string;
}

function Preview({ preview, unanswered, zone }: PreviewProps) {
  const now = useNow();
  const local = zone !== 'UTC';
  if (!preview) return <p class="hl-preview hl-muted">{unanswered || 'Reading …'}</p>;
  if (preview.problem) return <p class="hl-preview hl-muted">No due times.</p>;
  return (
    <div class="hl-preview" aria-live="polite">
      <p>{preview.words}</p>
      <table class="hl-grid" aria-label="Next due times">
        <thead>
          <tr>
            {local && <th scope="col">{zone}</th>}
            <th scope="col">UTC</th>
            <th scope="col">From now</th>
          </tr>
        </thead>
        <tbody>
          {preview.due.map(due => (
            <tr key={due.at}>
              {local && <td>{due.local}</td>}
              <td>{local ? moment(due.at) : due.local}</td>
              <td>{relative(due.at, now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Asks what a schedule would mean, once one has stopped typing. */
function usePreview(source: Answerer, task_id: string, cron: string, timezone: string) {
  const [answer, setAnswer] = useState<{ preview: SchedulePreview | null; error: string }>({ preview: null, error: '' });
  useEffect(() => {
    let current = true;
    const ask = async () => {
      try {
        // An empty text is a blank one: a path has no place for nothing.
        const args = { task_id, cron: cron || ' ', timezone: timezone || ' ' };
        const preview = await source.request<SchedulePreview>('schedule_preview', args);
        if (current) setAnswer({ preview, error: '' });
      } catch (error) {
        if (current) setAnswer({ preview: null, error: (error as Error).message });
      }
    };
    const timer = setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [source, task_id, cron, timezone]);
  return answer;
}
