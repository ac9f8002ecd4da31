/** The controls of tasks and workers as commands, for the palette and the context menu. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, type ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import type { TasksPayload } from '../contract/types.gen';
import { HttpAnswerer } from '../rpc/http';
import { control } from '../rpc/source';
import { COMMANDS, enter, keyUnderMenu, rowsOf } from './commands';
import type { Connections } from './connections';
import { pick } from './insertions';

const CONTROLS = [
  { control: 'task.run', verb: 'Run', brief: 'Run Now', done: 'A job is queued' },
  { control: 'task.pause', verb: 'Pause', brief: 'Pause Schedule', done: 'The schedule rests' },
  { control: 'task.resume', verb: 'Resume', brief: 'Resume Schedule', done: 'The schedule goes on' },
  { control: 'task.cancel', verb: 'Cancel Jobs of', brief: 'Cancel Jobs…', done: 'Its jobs are stopped', grave: true }
] as const;

export function addTaskCommands(app: JupyterFrontEnd, palette: ICommandPalette | null, connections: Connections): void {
  const fetcher = () => connections.fetcher(connections.get().chosen);
  for (const [rank, each] of CONTROLS.entries()) {
    const id = `hanalife:${each.control.replace('.', '-')}`;
    enter(app, palette, {
      id,
      label: args => (args['menu'] ? each.brief : `${each.verb} a Task…`),
      takes: { task_id: { type: 'string' } },
      execute: async args => {
        const given = String(args['task_id'] ?? (args['menu'] && keyUnderMenu(app)) ?? '');
        const task_id = given || (await pickTask(`${each.verb} which task?`, await fetcher()('tasks')));
        if (!task_id || ('grave' in each && !(await isSure(task_id)))) return;
        await control(new HttpAnswerer(fetcher()), each.control, { task_id });
        Notification.success(`${task_id}: ${each.done}.`, { autoClose: 4_000 });
      }
    });
    app.contextMenu.addItem({ command: id, args: { menu: true }, selector: rowsOf('tasks'), rank: 10 + rank });
  }
  enter(app, palette, {
    id: COMMANDS.startWorker,
    label: 'Start a Worker in the Jupyter Server',
    execute: async () => {
      await control(new HttpAnswerer(fetcher()), 'worker.start', {});
      Notification.success('A worker runs in the Jupyter server; it ends with the server.', { autoClose: 5_000 });
    }
  });
}

function pickTask(title: string, payload: unknown): Promise<string> {
  return pick(title, (payload as TasksPayload).tasks.map(task => task.task_id));
}

async function isSure(task_id: string): Promise<boolean> {
  const { button } = await showDialog({
    title: `Stop the jobs of ${task_id}?`,
    body: 'What they have done so far is dropped.',
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Stop' })]
  });
  return button.accept;
}
