/** The commands that put code into the notebook. Without arguments they ask what it is to be about. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { type ICommandPalette, InputDialog } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { ExperimentsPayload, ModelsPayload } from '../contract/types.gen';
import { MONITORS, type MonitorKind, type Which } from '../views/sidebar/actions';
import { groups } from '../views/sidebar/models';
import { compareRuns, listAlerts, loadModel, openMonitor } from './code';
import { type Args, COMMANDS, enter, keyUnderMenu, rowsOf } from './commands';
import type { Connections } from './connections';
import { insertCode } from './notebook';

/** So many runs are offered to be compared. */
const OFFERED = 200;
const TEXTS = { type: 'array', items: { type: 'string' } };
const KINDS = Object.keys(MONITORS) as MonitorKind[];

export function addInsertions(
  app: JupyterFrontEnd,
  palette: ICommandPalette | null,
  tracker: INotebookTracker | null,
  connections: Connections
): void {
  const insert = (code: string) => insertCode(tracker, connections.row()?.code ?? '', code);
  const ask = <P,>(path: string) => connections.fetcher(connections.get().chosen)(path) as Promise<P>;

  enter(app, palette, {
    id: COMMANDS.insertConnection,
    label: 'Insert Code: Connect',
    execute: () => insert('')
  });
  enter(app, palette, {
    id: COMMANDS.insertModel,
    label: args => (args['menu'] ? 'Insert Code That Loads It' : 'Insert Code: Load a Model…'),
    takes: { name: { type: 'string' }, alias: { type: 'string' }, version: { type: 'integer' } },
    execute: async args => {
      const { models } = await ask<ModelsPayload>('models');
      const found = groups(models);
      const name = String(args['name'] ?? (args['menu'] && keyUnderMenu(app)) ?? '') || (await pick('Load which model?', found.map(each => each.name)));
      const model = found.find(each => each.name === name);
      if (model) insert(loadModel(model.name, which(args) ?? newest(model)));
    }
  });
  enter(app, palette, {
    id: COMMANDS.insertComparison,
    label: 'Insert Code: Compare Runs…',
    takes: { run_ids: TEXTS },
    execute: async args => {
      const run_ids = (args['run_ids'] as string[] | undefined) ?? (await pickRuns((await ask<ExperimentsPayload>('experiments')).runs));
      if (run_ids.length > 1) insert(compareRuns(run_ids));
    }
  });
  enter(app, palette, {
    id: COMMANDS.insertMonitor,
    label: args => (args['menu'] ? 'Insert Code That Opens a Monitor' : `Insert Code: ${String(args['kind'])}`),
    takes: { kind: { enum: KINDS }, ids: TEXTS },
    palette: KINDS.map(kind => ({ kind })),
    execute: args => {
      const kind = args['kind'] as MonitorKind;
      const ids = args['menu'] ? [keyUnderMenu(app)] : ((args['ids'] as string[] | undefined) ?? []);
      insert(openMonitor(kind, ids));
    }
  });
  enter(app, palette, { id: COMMANDS.insertAlerts, label: 'Insert Code: List Drift Alerts', execute: () => insert(listAlerts()) });

  const menu = true;
  app.contextMenu.addItem({ command: COMMANDS.insertModel, args: { menu }, selector: rowsOf('models'), rank: 1 });
  app.contextMenu.addItem({
    command: COMMANDS.insertMonitor,
    args: { menu, kind: 'ScheduledTaskMonitor' },
    selector: rowsOf('tasks'),
    rank: 20
  });
}

function which(args: Args): Which | null {
  if (typeof args['alias'] === 'string') return { alias: args['alias'] };
  return typeof args['version'] === 'number' ? { version: args['version'] } : null;
}

/** The champion if there is one, else the newest version. */
function newest({ aliases, versions }: ReturnType<typeof groups>[number]): Which {
  const [first] = aliases;
  return first ? { alias: first[0] } : { version: versions[0]!.version };
}

export async function pick(title: string, items: string[]): Promise<string> {
  if (!items.length) throw new Error('There is none yet.');
  const { value } = await InputDialog.getItem({ title, items });
  return value ?? '';
}

async function pickRuns(runs: ExperimentsPayload['runs']): Promise<string[]> {
  const offered = runs.toReversed().slice(0, OFFERED);
  const items = offered.map(run => `${run.experiment_id} / ${run.name} (${run.run_id.slice(0, 8)})`);
  if (items.length < 2) throw new Error('There are no two runs yet.');
  const { value } = await InputDialog.getMultipleItems({ title: 'Compare which runs?', items });
  return (value ?? []).map(item => offered[items.indexOf(item)]!.run_id);
}
