/** The names of all commands, and how they are entered. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { type ICommandPalette, Notification } from '@jupyterlab/apputils';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { JSONObject, ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';

export const CATEGORY = 'hanalife';
export const SIDEBAR = 'hanalife-sidebar';

export const COMMANDS = {
  panel: 'hanalife:show-panel',
  tasks: 'hanalife:show-tasks',
  drift: 'hanalife:show-drift',
  run: 'hanalife:open-run',
  task: 'hanalife:open-task',
  model: 'hanalife:open-model',
  openDrift: 'hanalife:open-drift',
  connection: 'hanalife:choose-connection',
  insertConnection: 'hanalife:insert-connection',
  insertModel: 'hanalife:insert-model',
  insertComparison: 'hanalife:insert-comparison',
  insertMonitor: 'hanalife:insert-monitor',
  insertAlerts: 'hanalife:insert-alerts',
  startWorker: 'hanalife:start-worker'
} as const;

export type Args = ReadonlyPartialJSONObject;

interface Entry {
  id: string;
  label: string | ((args: Args) => string);
  caption?: string;
  icon?: LabIcon;
  /** JSON schemas of the arguments that it may be given. */
  takes?: Record<string, object>;
  execute(args: Args): void | Promise<void>;
  /** In the palette, once for each of these arguments. */
  palette?: ReadonlyJSONObject[];
}

/** Enters a command; what fails is told as a notification. */
export function enter(app: JupyterFrontEnd, palette: ICommandPalette | null, entry: Entry): void {
  const { id, label, caption = '', icon, takes = {}, execute } = entry;
  app.commands.addCommand(id, {
    label,
    caption,
    ...(icon && { icon }),
    describedBy: { args: { type: 'object', properties: takes as JSONObject } },
    execute: async args => {
      try {
        await execute(args);
      } catch (error) {
        Notification.error(`hanalife: ${(error as Error).message}`);
      }
    }
  });
  for (const args of entry.palette ?? [{}]) palette?.addItem({ command: id, category: CATEGORY, args });
}

/** The key of the row of the sidebar that a context menu is about; empty without one. */
export function keyUnderMenu(app: JupyterFrontEnd): string {
  return app.contextMenuHitTest(node => 'key' in node.dataset)?.dataset['key'] ?? '';
}

/** Where rows of a part of the sidebar are, for context menus. */
export function rowsOf(part: string): string {
  return `#${SIDEBAR} [data-part="${part}"] [data-key]`;
}
