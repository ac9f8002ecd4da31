/** The JupyterLab extension: a sidebar, details in the main area, and the commands for both. */
import { ILayoutRestorer, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { LabIcon } from '@jupyterlab/ui-components';
import { h } from 'preact';
import type { ExperimentsPayload, ModelsPayload, TasksPayload } from '../contract/types.gen';
import { type FetchJson, HttpAnswerer, HttpSource } from '../rpc/http';
import { mount } from '../ui/mount';
import { SidebarView } from '../views/SidebarView';
import { RunPane, TaskPane } from './DetailPane';
import { type Draw, Panel } from './panel';
import { fetcher } from './server';

const OPEN = { run: 'hanalife:open-run', task: 'hanalife:open-task', panel: 'hanalife:show-panel' };
const SIDEBAR = 'hanalife-sidebar';

const icon = new LabIcon({
  name: 'hanalife:pulse',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16"><path class="jp-icon3 jp-icon-selectable" ' +
    'fill="#616161" d="M1 8.200h3.200l1.800-5.700 3 10.200 2-6.500 1 2h3v1.500h-4l-2 6.300-3-10-1.400 3.700H1z"/></svg>'
});

interface Target {
  id: string;
  title: string;
}

const ARGUMENTS = {
  args: {
    type: 'object',
    properties: { id: { type: 'string' }, title: { type: 'string' } },
    required: ['id']
  }
} as const;

type Open = (command: string) => (id: string, title?: string) => void;

function sidebar(open: Open, fetchJson: FetchJson): Panel {
  const panel = new Panel(element => {
    const sources = {
      experiments: new HttpSource<ExperimentsPayload>(fetchJson, 'experiments'),
      models: new HttpSource<ModelsPayload>(fetchJson, 'models'),
      tasks: new HttpSource<TasksPayload>(fetchJson, 'tasks')
    };
    const view = h(SidebarView, { ...sources, onOpenRun: open(OPEN.run), onOpenTask: open(OPEN.task) });
    const unmount = mount(element, view);
    return () => {
      unmount();
      for (const source of Object.values(sources)) source.dispose();
    };
  });
  panel.id = SIDEBAR;
  panel.title.icon = icon;
  panel.title.caption = 'hanalife: runs, models and tasks';
  return panel;
}

function detail(kind: 'run' | 'task', target: Target, open: Open, fetchJson: FetchJson): Draw {
  return element => {
    const props = { source: new HttpAnswerer(fetchJson), ...target, onOpenRun: open(OPEN.run) };
    return mount(element, kind === 'run' ? h(RunPane, props) : h(TaskPane, props));
  };
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'hanalife:panel',
  description: 'Runs, models and tasks of the machine-learning life cycle beside the notebook',
  autoStart: true,
  optional: [ILayoutRestorer, ICommandPalette],
  activate: (app, restorer: ILayoutRestorer | null, palette: ICommandPalette | null) => {
    const fetchJson = fetcher(app.serviceManager.serverSettings);
    const open: Open =
      command =>
      (id, title = id) =>
        void app.commands.execute(command, { id, title });
    const panel = sidebar(open, fetchJson);
    app.shell.add(panel, 'left', { rank: 700 });
    restorer?.add(panel, SIDEBAR);

    app.commands.addCommand(OPEN.panel, {
      label: 'Show hanalife',
      caption: 'Show runs, models and tasks',
      icon,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => app.shell.activateById(SIDEBAR)
    });
    palette?.addItem({ command: OPEN.panel, category: 'hanalife' });

    for (const kind of ['run', 'task'] as const) {
      const tracker = new WidgetTracker<MainAreaWidget<Panel>>({ namespace: `hanalife-${kind}` });
      const targets = new WeakMap<MainAreaWidget<Panel>, Target>();
      app.commands.addCommand(OPEN[kind], {
        label: `Open a ${kind}`,
        caption: `Open the details of a ${kind}`,
        describedBy: ARGUMENTS,
        execute: async args => {
          const target = { id: String(args['id']), title: String(args['title'] ?? args['id']) };
          const id = `hanalife-${kind}-${target.id}`;
          let main = tracker.find(widget => widget.id === id);
          if (!main) {
            main = new MainAreaWidget({ content: new Panel(detail(kind, target, open, fetchJson)) });
            main.id = id;
            main.title.label = target.title;
            main.title.icon = icon;
            main.title.closable = true;
            targets.set(main, target);
            app.shell.add(main, 'main');
            await tracker.add(main);
          }
          app.shell.activateById(id);
        }
      });
      void restorer?.restore(tracker, {
        command: OPEN[kind],
        name: main => targets.get(main)?.id ?? '',
        args: main => ({ ...targets.get(main) })
      });
    }
  }
};

export default plugin;
