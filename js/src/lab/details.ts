/**
 * Runs, tasks, models and drift: a tab for each, there again after a reload. They are in the main area of JupyterLab;
 * that of Notebook 7 is for the notebook alone, so there they are below it.
 */
import type { ILabShell, ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { TabPanel } from '@lumino/widgets';
import { COMMANDS, enter, keyUnderMenu, rowsOf } from './commands';
import { icon } from './icon';
import { type Draw, Panel } from './panel';

export type Kind = 'run' | 'task' | 'model' | 'drift';

export interface Target {
  id: string;
  title: string;
  /** The name of the connection to its database. */
  connection: string;
}

const PARTS: Record<Kind, string> = { run: 'runs', task: 'tasks', model: 'models', drift: 'drift' };
const OPENING: Record<Kind, string> = { run: COMMANDS.run, task: COMMANDS.task, model: COMMANDS.model, drift: COMMANDS.openDrift };
const TEXT = { type: 'string' };

export function addDetails(
  app: JupyterFrontEnd,
  labShell: ILabShell | null,
  restorer: ILayoutRestorer | null,
  chosen: () => string,
  draw: (kind: Kind, target: Target) => Draw
): void {
  for (const kind of Object.keys(PARTS) as Kind[]) {
    const tracker = new WidgetTracker<MainAreaWidget<Panel>>({ namespace: `hanalife-${kind}` });
    const targets = new WeakMap<MainAreaWidget<Panel>, Target>();
    enter(app, null, {
      id: OPENING[kind],
      label: 'Open Details',
      caption: `Open the details of a ${kind}`,
      takes: { id: TEXT, title: TEXT, connection: TEXT },
      execute: async args => {
        const key = String(args['id'] ?? keyUnderMenu(app));
        if (!key) return;
        const target = { id: key, title: String(args['title'] ?? key), connection: String(args['connection'] ?? chosen()) };
        const id = `hanalife-${kind}-${target.connection}-${target.id}`;
        let main = tracker.find(widget => widget.id === id);
        if (!main) {
          main = new MainAreaWidget({ content: new Panel(draw(kind, target)) });
          main.id = id;
          main.title.label = target.title;
          main.title.caption = `${kind} ${target.title}`;
          main.title.icon = icon;
          main.title.closable = true;
          main.toggleClass('hl-below', !labShell);
          targets.set(main, target);
          app.shell.add(main, labShell ? 'main' : 'down');
          await tracker.add(main);
        }
        app.shell.activateById(id);
        const tabs = main.parent?.parent; // those below a notebook do not come to the front by themselves
        if (tabs instanceof TabPanel) tabs.currentWidget = main;
      }
    });
    app.contextMenu.addItem({ command: OPENING[kind], selector: rowsOf(PARTS[kind]), rank: 0 });
    void restorer?.restore(tracker, {
      command: OPENING[kind],
      name: main => `${targets.get(main)?.connection} ${targets.get(main)?.id}`,
      args: main => ({ ...targets.get(main) })
    });
  }
}
