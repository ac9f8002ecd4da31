/** A composite as a tree of its parts, each with the status of its last job. */
import type { Part } from '../contract/types.gen';
import { duration } from '../ui/format';
import { Pill } from '../ui/Pill';

const ORDER: Record<string, string> = {
  sequential: 'One after another; a part has a turn when the one before it succeeded.',
  parallel: 'All at the same time.'
};

export function Parts({ parts, kind }: { parts: Part[]; kind: string }) {
  return (
    <>
      {ORDER[kind] && <p class="hl-empty">{ORDER[kind]}</p>}
      <PartList parts={parts} kind={kind} />
    </>
  );
}

function PartList({ parts, kind }: { parts: Part[]; kind: string }) {
  const List = kind === 'sequential' ? 'ol' : 'ul';
  return (
    <List class={`hl-parts hl-${kind}`}>
      {parts.map((part, i) => (
        <li key={`${i} ${part.task_id}`}>
          <div class="hl-node">
            <b>{part.task_id}</b>
            <small>{part.kind}</small>
            {part.job ? <Pill word={part.job.status} /> : <small>no turn yet</small>}
            {part.job && <small>{duration(part.job.duration_seconds)}</small>}
            {part.job?.message && <span>{part.job.message}</span>}
          </div>
          {part.parts.length > 0 && <PartList parts={part.parts} kind={part.kind} />}
        </li>
      ))}
    </List>
  );
}
