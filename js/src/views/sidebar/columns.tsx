/** The columns of the sidebar's narrow tables. */
import { metricNumber } from '../../contract/decode';
import type { RunRow, TaskRow } from '../../contract/types.gen';
import { metric, moment } from '../../ui/format';
import { Instant } from '../../ui/Instant';
import { Sign } from '../../ui/Pill';
import { relative } from '../../ui/relative';
import type { Column } from '../../ui/Table';
import { marked } from '../columns';
import { bestMark, firstColumns, type MetricKey, summary, title, valueOf } from '../ranking';
import type { ModelGroup } from './models';

const run: Column<RunRow> = {
  key: 'name',
  label: 'Run',
  track: 'minmax(80px, 1fr)',
  least: 80,
  value: row => row.name,
  draw: row => (
    <span title={`${row.name}\n${row.experiment_id}, ${moment(row.created_at)} UTC`}>
      {row.name}
      {row.attempt > 1 && <small title="Attempt of this run name"> #{row.attempt}</small>}
    </span>
  )
};

const status: Column<RunRow> = {
  key: 'status',
  label: 'Status',
  track: '46px',
  least: 46,
  value: row => row.status,
  draw: row => <RunSign run={row} />
};

function RunSign({ run: row }: { run: RunRow }) {
  if (row.status !== 'ACTIVE' || !row.progress?.total) return <Sign word={row.status} />;
  const share = Math.round((100 * row.progress.done) / row.progress.total);
  return (
    <small class="hl-busy hl-share" title={`active: ${row.progress.text}`}>
      {share}%
    </small>
  );
}

/** Name, the metric that ranks these runs or else the first of a table of them, status. */
export function runColumns(runs: readonly RunRow[], chief: MetricKey | null): Column<RunRow>[] {
  const [key] = firstColumns(summary(runs), chief);
  if (!key) return [run, status];
  const best = bestMark(runs, null, chief);
  const column: Column<RunRow> = {
    key: 'metric',
    label: title(key),
    track: '76px',
    least: 76,
    numeric: true,
    dim: key.source === 'train',
    value: row => metricNumber(valueOf(row, key)) ?? valueOf(row, key),
    draw: row => metric(valueOf(row, key))
  };
  return [run, best ? marked(column, best) : column, status];
}

export const modelColumns: Column<ModelGroup>[] = [
  { key: 'name', label: 'Model', track: 'minmax(64px, 1fr)', least: 64, value: model => model.name },
  {
    key: 'aliases',
    label: 'Aliases',
    track: 'minmax(102px, 1.2fr)',
    least: 102,
    value: model => model.aliases.map(([alias]) => alias).join(', '),
    draw: model => (
      <span title={model.aliases.map(([alias, version]) => `${alias}: version ${version}`).join('\n')}>
        {model.aliases.map(([alias, version]) => (
          <span class="hl-tag" key={alias}>
            {alias} <b>{version}</b>
          </span>
        ))}
        {model.aliases.length > 1 && <small class="hl-more">+{model.aliases.length - 1}</small>}
      </span>
    )
  },
  {
    key: 'versions',
    label: 'Latest',
    track: '44px',
    least: 44,
    numeric: true,
    value: model => model.versions[0]!.version
  }
];

export function taskColumns(now: number): Column<TaskRow>[] {
  return [
    {
      key: 'task',
      label: 'Task',
      track: 'minmax(80px, 1fr)',
      least: 80,
      value: task => task.task_id,
      draw: task => <span title={`${task.task_id}\n${task.schedule_text}`}>{task.task_id}</span>
    },
    {
      key: 'next',
      label: 'Next',
      track: '74px',
      least: 74,
      value: task => task.next_due,
      draw: task => <Next task={task} now={now} />
    },
    {
      key: 'last',
      label: 'Last',
      track: '28px',
      least: 28,
      value: task => task.last_job?.status,
      draw: task => task.last_job && <Sign word={task.last_job.status} />
    }
  ];
}

function Next({ task, now }: { task: TaskRow; now: number }) {
  if (task.cron !== null && !task.enabled) return <small>paused</small>;
  if (!task.next_due) return <small>–</small>;
  return <Instant at={task.next_due} text={relative(task.next_due, now)} />;
}
