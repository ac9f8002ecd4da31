/** What can be done with a task: run, pause, cancel, schedule. */
import { useState } from 'preact/hooks';
import type { TaskDetail } from '../../contract/types.gen';
import type { Answerer } from '../../rpc/source';
import { Button, ControlButton } from '../../ui/controls/ControlButton';
import { RunForm } from './RunForm';
import { ScheduleForm } from './ScheduleForm';
import './task.css';

interface Props {
  source: Answerer;
  detail: TaskDetail;
}

type Form = '' | 'run' | 'schedule';

export function TaskBar({ source, detail }: Props) {
  const [form, setForm] = useState<Form>('');
  const [queued_id, setQueued] = useState('');
  const { task, jobs } = detail;
  const task_id = task.task_id;
  const stoppable = jobs.filter(job => job.status === 'RUNNING' || job.status === 'QUEUED');
  const waiting = queued_id && !jobs.some(job => job.job_id === queued_id && job.status !== 'QUEUED');
  const toggle = (name: Form) => setForm(form === name ? '' : name);
  const queued = (answer: unknown) => {
    setQueued((answer as { job_id: string }).job_id);
    setForm('');
  };

  return (
    <>
      <div class="hl-controls hl-taskbar" role="group" aria-label={`Controls of ${task_id}`}>
        <ControlButton source={source} name="task.run" args={{ task_id }} tone="chief" onDone={queued} title="Queue a job now">
          Run now
        </ControlButton>
        {detail.takes_arguments && (
          <Button onClick={() => toggle('run')} expanded={form === 'run'} title="Queue a job now with other parameters">
            Run with …
          </Button>
        )}
        {stoppable.length > 0 && (
          <ControlButton
            source={source}
            name="task.cancel"
            args={{ task_id }}
            tone="grave"
            confirm={{ question: cancelQuestion(stoppable.map(job => job.job_id)), yes: 'Stop' }}
          >
            Cancel job
          </ControlButton>
        )}
        <i class="hl-gap" aria-hidden="true" />
        {task.cron !== null &&
          (task.enabled ? (
            <ControlButton key="pause" source={source} name="task.pause" args={{ task_id }} title="Let the schedule rest">
              Pause
            </ControlButton>
          ) : (
            <ControlButton key="resume" source={source} name="task.resume" args={{ task_id }} title="Let the schedule go on from now">
              Resume
            </ControlButton>
          ))}
        <Button onClick={() => toggle('schedule')} expanded={form === 'schedule'}>
          {task.cron === null ? 'Schedule …' : 'Change schedule …'}
        </Button>
        {task.cron !== null && (
          <ControlButton
            source={source}
            name="schedule.remove"
            args={{ task_id }}
            tone="grave"
            confirm={{ question: 'Remove the schedule? The task, its jobs and ledger stay.', yes: 'Remove' }}
          >
            Remove schedule
          </ControlButton>
        )}
        <small role="status">{waiting ? `Job ${queued_id} is queued.` : ''}</small>
      </div>
      {form === 'run' && <RunForm source={source} detail={detail} onQueued={queued} onClose={() => setForm('')} />}
      {form === 'schedule' && <ScheduleForm source={source} task={task} onClose={() => setForm('')} />}
    </>
  );
}

function cancelQuestion(job_ids: string[]): string {
  if (job_ids.length === 1) return `Stop job ${job_ids[0]}? What it has done so far is dropped.`;
  return `Stop ${job_ids.length} jobs? What they have done so far is dropped.`;
}
