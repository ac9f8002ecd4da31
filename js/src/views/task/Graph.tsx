/** A composite as a graph: sequential parts from left to right, parallel ones stacked, each with its status. */
import { useRef, useState } from 'preact/hooks';
import type { Part, TaskDetail } from '../../contract/types.gen';
import type { Answerer } from '../../rpc/source';
import { duration, moment } from '../../ui/format';
import { Facts } from '../../ui/parts';
import { Pill, spoken, toneOf } from '../../ui/Pill';
import { useLog } from './log';
import { LogLines } from './LogView';
import { Took } from './Took';
import { Verdict } from './Verdict';
import './task.css';

interface Props {
  source: Answerer;
  detail: TaskDetail;
  /** Goes to the task of a part, where that can be shown. */
  onOpenTask?: ((task_id: string) => void) | undefined;
}

const GATES: Record<string, string> = {
  ALL: 'all must succeed',
  ANY: 'the first success is enough'
};
const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export function Graph({ source, detail, onOpenTask }: Props) {
  const [chosen, choose] = useState('');
  const box = useRef<HTMLDivElement>(null);
  const part = find(detail.parts, chosen);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step) return;
    const nodes = [...box.current!.querySelectorAll<HTMLElement>('.hl-node')];
    const next = nodes[nodes.indexOf(event.target as HTMLElement) + step];
    next?.focus();
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="hl-graph-part">
      <div class="hl-graph" role="group" aria-label="Parts" ref={box} onKeyDown={onKeyDown}>
        <Members parts={detail.parts} kind={detail.task.kind} rule={detail.rule} path="" chosen={chosen} choose={choose} />
      </div>
      {part ? (
        <PartJob key={chosen} source={source} part={part} onOpenTask={onOpenTask} />
      ) : (
        <p class="hl-empty">Select a part to see its job.</p>
      )}
    </div>
  );
}

interface MembersProps {
  parts: Part[];
  kind: string;
  rule: string;
  /** Where these parts stand, such as `1/2/`; a task may be a part twice. */
  path: string;
  chosen: string;
  choose(path: string): void;
}

function Members({ parts, kind, rule, path, chosen, choose }: MembersProps) {
  const parallel = kind === 'parallel';
  const items = parts.map((part, i) => {
    const at = `${path}${i}`;
    return (
      <li key={at}>
        {!parallel && i > 0 && <Arrow gate={part.gate} />}
        <Node part={part} at={at} chosen={chosen} choose={choose} />
      </li>
    );
  });
  if (!parallel) return <ol class="hl-sequence">{items}</ol>;
  return (
    <div class="hl-parallel">
      <ul>{items}</ul>
      <span class="hl-gate" title={GATES[rule] ?? rule}>
        {rule.toLowerCase()}
      </span>
    </div>
  );
}

function Node({ part, at, chosen, choose }: { part: Part; at: string } & Pick<MembersProps, 'chosen' | 'choose'>) {
  const { job } = part;
  const button = (
    <button
      type="button"
      class={`hl-node hl-${job ? toneOf(job.status) : 'dull'} ${job?.status === 'RUNNING' ? 'hl-running' : ''}`}
      aria-pressed={chosen === at}
      onClick={() => choose(chosen === at ? '' : at)}
    >
      <b title={part.task_id}>{part.task_id}</b>
      <span class="hl-node-state">
        {job ? <Pill word={job.status} /> : <small>no turn yet</small>}
        <small>{job ? <Took job={job} /> : part.kind || 'removed'}</small>
      </span>
      {job?.verdict && <Verdict word={job.verdict} />}
    </button>
  );
  if (!part.parts.length) return button;
  return (
    <div class="hl-inner">
      {button}
      <Members parts={part.parts} kind={part.kind} rule={part.rule} path={`${at}/`} chosen={chosen} choose={choose} />
    </div>
  );
}

/** What comes next, and the verdict that it waits for. */
function Arrow({ gate }: { gate: string | null }) {
  return (
    <span class="hl-then">
      {gate && (
        <small>
          if <Verdict word={gate} />
        </small>
      )}
      <svg class="hl-arrow-right" viewBox="0 0 28 10" role="img" aria-label="then">
        <line x1="0" y1="5" x2="22" y2="5" />
        <path d="M21 1.5 27 5 21 8.5Z" />
      </svg>
    </span>
  );
}

/** The part at a place such as `1/2`. */
export function find(parts: readonly Part[], path: string): Part | null {
  let found: Part | undefined;
  let within = parts;
  for (const step of path.split('/')) {
    found = step ? within[Number(step)] : undefined;
    within = found?.parts ?? [];
  }
  return found ?? null;
}

function PartJob({ source, part, onOpenTask }: { source: Answerer; part: Part } & Pick<Props, 'onOpenTask'>) {
  const { job } = part;
  return (
    <section class="hl-part-job" aria-label={`Job of ${part.task_id}`}>
      <header class="hl-title">
        <h4>{part.task_id}</h4>
        {job && <Pill word={job.status} />}
        {job && <small>job {job.job_id}</small>}
        {onOpenTask && part.kind && (
          <button type="button" class="hl-link" onClick={() => onOpenTask(part.task_id)}>
            Go to the task
          </button>
        )}
      </header>
      {!job && <p class="hl-empty">It has had no turn yet.</p>}
      {job && (
        <Facts
          facts={[
            { name: 'Started', value: job.started_at ? `${moment(job.started_at)} UTC` : 'not yet' },
            { name: 'Took', value: duration(job.duration_seconds) },
            { name: 'Verdict', value: job.verdict ? spoken(job.verdict) : '' },
            { name: 'Attempt', value: String(job.attempt) },
            { name: 'Worker', value: job.worker ?? '' },
            { name: 'Message', value: job.message }
          ].filter(fact => fact.value)}
          empty=""
        />
      )}
      {job && <JobLog source={source} task_id={part.task_id} job_id={job.job_id} status={job.status} />}
    </section>
  );
}

interface JobLogProps {
  source: Answerer;
  task_id: string;
  job_id: string;
  status: string;
}

function JobLog({ source, task_id, job_id, status }: JobLogProps) {
  const log = useLog(source, task_id, job_id, status);
  return <LogLines source={source} task_id={task_id} log={log} />;
}
