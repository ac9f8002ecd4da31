/** All that is known of one task, and what can be done with it. */
import type { TaskDetail as Detail } from '../contract/types.gen';
import type { Answerer } from '../rpc/source';
import { Facts, Section } from '../ui/parts';
import { Pill } from '../ui/Pill';
import { type Tab, Tabs } from '../ui/Tabs';
import { NextDue } from './task/columns';
import { Graph } from './task/Graph';
import { Jobs, type OpenRun } from './task/Jobs';
import { Ledger } from './task/Ledger';
import { LogView } from './task/LogView';
import { Outputs } from './task/Outputs';
import { TaskBar } from './task/TaskBar';

interface Props {
  source: Answerer;
  detail: Detail | null;
  waiting: boolean;
  error: string;
  title: string;
  /** Goes to the run of a job, where that can be shown. */
  onOpenRun?: OpenRun;
  /** Goes to another task, where that can be shown. */
  onOpenTask?: ((task_id: string) => void) | undefined;
}

export function TaskDetail(props: Props) {
  const { source, detail, waiting, error, title } = props;
  return (
    <section class="hl-details" aria-label={`Task ${title}`} aria-busy={waiting}>
      <header class="hl-title">
        <h3>{title}</h3>
        {detail?.task.last_job && <Pill word={detail.task.last_job.status} />}
        {detail && <When detail={detail} />}
        {waiting && !detail && <small role="status">Reading …</small>}
      </header>
      {detail?.task.description && <p class="hl-about">{detail.task.description}</p>}
      {error && <p class="hl-empty">{error}</p>}
      {/* A form that is open and a part that is chosen are of this task alone. */}
      {detail && <TaskBar key={`bar ${title}`} source={source} detail={detail} />}
      {detail && <Tabs key={`tabs ${title}`} label="Details of the task" tabs={tabs(props, detail)} />}
    </section>
  );
}

function When({ detail: { task } }: { detail: Detail }) {
  return (
    <small class="hl-when">
      {task.schedule_text}
      {task.next_due && (
        <>
          {' · '}
          <NextDue instant={task.next_due} before="next " />
        </>
      )}
    </small>
  );
}

function tabs({ source, onOpenRun, onOpenTask }: Props, detail: Detail): Tab[] {
  const graph: Tab = {
    name: 'Parts',
    note: String(detail.parts.length),
    draw: () => <Graph source={source} detail={detail} onOpenTask={onOpenTask} />
  };
  const output: Tab = {
    name: 'Output',
    note: String(detail.outputs.length),
    draw: () => <Outputs source={source} detail={detail} />
  };
  return [
    ...(detail.parts.length ? [graph] : []),
    {
      name: 'Jobs',
      note: String(detail.jobs.length),
      draw: () => <Jobs jobs={detail.jobs} onOpenRun={onOpenRun} />
    },
    {
      name: 'Log',
      note: detail.log_total.toLocaleString('en'),
      draw: () => <LogView source={source} detail={detail} />
    },
    { name: 'Ledger', draw: () => <Ledger detail={detail} /> },
    ...(detail.outputs.length ? [output] : []),
    { name: 'Definition', draw: () => <Definition detail={detail} /> }
  ];
}

function Definition({ detail }: { detail: Detail }) {
  return (
    <div class="hl-signature">
      <Section title="Definition">
        <Facts facts={detail.definition} empty="No definition." />
      </Section>
      <Section title="Parameters">
        <Facts facts={detail.parameters} empty="The task has no parameters." />
      </Section>
      <Section title="Policy">
        <Facts facts={detail.policy} empty="" />
      </Section>
      <Section title="Trigger">
        <Facts facts={detail.trigger} empty="None: the task is due by its schedule, or when asked." />
      </Section>
    </div>
  );
}
