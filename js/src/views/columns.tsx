/** The columns of the tables of runs and tasks. */
import { metricNumber } from '../contract/decode';
import type { RunRow, TaskRow } from '../contract/types.gen';
import { duration, metric, moment, shortMoment } from '../ui/format';
import { Pill, Sign } from '../ui/Pill';
import type { Column } from '../ui/Table';

const name: Column<RunRow> = {
  key: 'name',
  label: 'Run',
  track: 'minmax(110px, 2fr)',
  least: 110,
  value: run => run.name,
  draw: run => (
    <span title={run.name}>
      {run.name}
      {run.attempt > 1 && <small title="Attempt of this run name"> #{run.attempt}</small>}
    </span>
  )
};

const experiment: Column<RunRow> = {
  key: 'experiment',
  label: 'Experiment',
  track: 'minmax(90px, 1.4fr)',
  least: 90,
  value: run => run.experiment_id
};

const status: Column<RunRow> = {
  key: 'status',
  label: 'Status',
  track: '128px',
  least: 128,
  value: run => run.status,
  draw: run => <Pill word={run.status} progress={run.progress} />
};

const dataset: Column<RunRow> = {
  key: 'dataset',
  label: 'Dataset',
  track: 'minmax(80px, 1fr)',
  least: 80,
  value: run => run.dataset_name
};

const created: Column<RunRow> = {
  key: 'created',
  label: 'Created (UTC)',
  track: '112px',
  least: 112,
  value: run => run.created_at,
  draw: run => (
    <time dateTime={run.created_at} title={`${moment(run.created_at)} UTC`}>
      {shortMoment(run.created_at)}
    </time>
  )
};

const took: Column<RunRow> = {
  key: 'duration',
  label: 'Duration',
  track: '74px',
  least: 74,
  numeric: true,
  value: run => run.duration_seconds,
  draw: run => duration(run.duration_seconds)
};

function metricColumn(metricName: string): Column<RunRow> {
  return {
    key: `metric ${metricName}`,
    label: metricName,
    track: '76px',
    least: 76,
    numeric: true,
    value: run => metricNumber(run.metrics[metricName]) ?? run.metrics[metricName],
    draw: run => <span title={String(run.metrics[metricName] ?? '')}>{metric(run.metrics[metricName])}</span>
  };
}

export function runColumns(metrics: string[], showExperiment: boolean): Column<RunRow>[] {
  const where = showExperiment ? [experiment] : [];
  return [name, status, ...metrics.map(metricColumn), created, took, dataset, ...where];
}

export const shortRunColumns: Column<RunRow>[] = [name, { ...status, track: '112px', least: 112 }];

export const shortTaskColumns: Column<TaskRow>[] = [
  { key: 'task', label: 'Task', track: 'minmax(90px, 1fr)', least: 90, value: task => task.task_id },
  {
    key: 'next',
    label: 'Next run',
    track: '80px',
    least: 80,
    value: task => task.next_due,
    draw: task => <time title={`${moment(task.next_due)} UTC`}>{shortMoment(task.next_due) || '–'}</time>
  },
  {
    key: 'last',
    label: 'Last',
    track: '34px',
    least: 34,
    value: task => task.last_job?.status,
    draw: task => task.last_job && <Sign word={task.last_job.status} />
  }
];
