/** The JupyterLab extension: a sidebar, details in the main area, the status bar, and the commands for all of them. */
import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { Widget } from '@lumino/widgets';
import { h } from 'preact';
import type { TasksPayload } from '../contract/types.gen';
import { HttpAnswerer } from '../rpc/http';
import { control } from '../rpc/source';
import { mount } from '../ui/mount';
import type { Actions, PartName, Reveal } from '../views/sidebar/actions';
import { COMMANDS, enter, SIDEBAR } from './commands';
import { Connections } from './connections';
import { DriftPane, ModelPane, RunPane, TaskPane } from './DetailPane';
import { addDetails, type Kind, type Target } from './details';
import { icon } from './icon';
import { addInsertions, pick } from './insertions';
import './lab.css';
import { browserMemory } from './memory';
import { type Draw, Panel } from './panel';
import { Pulse } from './pulse';
import { fetcher } from './server';
import { type Settings, watchSettings } from './settings';
import { Sidebar } from './Sidebar';
import { Value } from './state';
import { StatusItem } from './StatusItem';
import { addTaskCommands } from './taskCommands';

const PLUGIN = 'hanalife:plugin';

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN,
  description: 'Runs, models, tasks and drift of the machine-learning life cycle beside the notebook',
  autoStart: true,
  optional: [ILabShell, ILayoutRestorer, ICommandPalette, INotebookTracker, ILauncher, IStatusBar, ISettingRegistry],
  activate: (
    app,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    tracker: INotebookTracker | null,
    launcher: ILauncher | null,
    statusBar: IStatusBar | null,
    registry: ISettingRegistry | null
  ) => {
    const server = app.serviceManager.serverSettings;
    const memory = browserMemory(server.baseUrl);
    const connections = new Connections(name => fetcher(server, name), memory);
    const reveal = new Value<Reveal | null>(null);
    const pollMs = new Value(1_000);
    const panel: Panel = new Panel((element, seen) =>
      mount(element, h(Sidebar, { seen, connections, pollMs, reveal, actions }))
    );
    const pulse = new Pulse(connections, memory, panel.seen);
    const actions = actionsOf(app, pulse);
    panel.id = SIDEBAR;
    panel.title.icon = icon;
    panel.title.className = 'hl-tab';
    pulse.subscribe(() => showBadge(panel, pulse.get()?.drifted ?? 0));
    showBadge(panel, 0);
    app.shell.add(panel, 'left', { rank: 700 });
    restorer?.add(panel, SIDEBAR);

    addShowing(app, palette, launcher, reveal);
    addConnectionCommand(app, palette, connections);
    addInsertions(app, palette, tracker, connections);
    addTaskCommands(app, palette, connections);
    addDetails(app, labShell, restorer, () => connections.get().chosen, drawer(connections, actions));
    if (statusBar) addStatusItem(app, statusBar, pulse);

    let isFirst = true;
    void watchSettings(registry, PLUGIN, async settings => {
      pollMs.set(settings.pollMs);
      await connections.tell(settings.connections);
      if (isFirst) await startWorkerIfAsked(settings, connections);
      isFirst = false;
    });
  }
};

function showBadge(panel: Widget, drifted: number): void {
  const { 'hl-badge': _, ...dataset } = panel.title.dataset; // the sidebar keeps the id of its widget there
  panel.title.dataset = drifted ? { ...dataset, 'hl-badge': drifted > 99 ? '99+' : String(drifted) } : dataset;
  const news = drifted ? ` (${drifted} new drift ${drifted === 1 ? 'alert' : 'alerts'})` : '';
  panel.title.caption = `hanalife: runs, models, tasks and drift${news}`;
}

function actionsOf(app: JupyterFrontEnd, pulse: Pulse): Actions {
  const run = (command: string, args: object) => void app.commands.execute(command, { ...args });
  return {
    openRun: (id, title) => run(COMMANDS.run, { id, title }),
    openModel: id => run(COMMANDS.model, { id }),
    openTask: id => run(COMMANDS.task, { id }),
    openDrift: (id, title) => run(COMMANDS.openDrift, { id, title }),
    insertConnection: () => run(COMMANDS.insertConnection, {}),
    insertModel: (name, which) => run(COMMANDS.insertModel, { name, ...which }),
    insertComparison: run_ids => run(COMMANDS.insertComparison, { run_ids: [...run_ids] }),
    insertMonitor: (kind, ids) => run(COMMANDS.insertMonitor, { kind, ids: [...ids] }),
    editSettings: () => run('settingeditor:open', { query: 'hanalife' }),
    attend: what => pulse.attend(what)
  };
}

function drawer(connections: Connections, actions: Actions): (kind: Kind, target: Target) => Draw {
  return (kind, { id, title, connection }) =>
    (element, seen) => {
      const source = new HttpAnswerer(connections.fetcher(connection));
      const same = { source, seen, id, onOpenRun: actions.openRun };
      const draw = {
        run: () => h(RunPane, { ...same, title }),
        task: () => h(TaskPane, same),
        model: () => h(ModelPane, same),
        drift: () => h(DriftPane, { ...same, title })
      };
      return mount(element, draw[kind]());
    };
}

function addShowing(
  app: JupyterFrontEnd,
  palette: ICommandPalette | null,
  launcher: ILauncher | null,
  reveal: Value<Reveal | null>
): void {
  const show = (part?: PartName) => {
    app.shell.activateById(SIDEBAR);
    if (part) reveal.set({ part, at: (reveal.get()?.at ?? 0) + 1 });
  };
  enter(app, palette, {
    id: COMMANDS.panel,
    label: args => (args['isLauncher'] ? 'hanalife' : 'Show hanalife'),
    caption: 'Show runs, models, tasks and drift',
    icon,
    execute: () => show()
  });
  enter(app, palette, { id: COMMANDS.tasks, label: 'Show Tasks', execute: () => show('tasks') });
  enter(app, palette, { id: COMMANDS.drift, label: 'Show Drift Alerts', execute: () => show('drift') });
  launcher?.add({ command: COMMANDS.panel, category: 'Other', rank: 50, args: { isLauncher: true } });
}

function addConnectionCommand(app: JupyterFrontEnd, palette: ICommandPalette | null, connections: Connections): void {
  const byTitle = () => new Map(connections.get().rows.filter(row => !row.problem).map(row => [row.name || 'Default database', row.name]));
  enter(app, palette, {
    id: COMMANDS.connection,
    label: 'Choose a Database…',
    takes: { name: { type: 'string' } },
    execute: async args => {
      const name = args['name'] ?? byTitle().get(await pick('Show which database?', [...byTitle().keys()]));
      if (typeof name === 'string') connections.choose(name);
    }
  });
}

function addStatusItem(app: JupyterFrontEnd, statusBar: IStatusBar, attention: Pulse): void {
  const item = new Widget();
  item.addClass('hl-status-item');
  mount(item.node, h(StatusItem, { attention, onClick: () => void app.commands.execute(COMMANDS.tasks) }));
  statusBar.registerStatusItem('hanalife:jobs', { item, align: 'left', rank: 300 });
}

async function startWorkerIfAsked({ startWorker }: Settings, connections: Connections): Promise<void> {
  if (!startWorker) return;
  try {
    const fetchJson = connections.fetcher(connections.get().chosen);
    const { workers } = (await fetchJson('tasks')) as TasksPayload;
    if (!workers.length) await control(new HttpAnswerer(fetchJson), 'worker.start', {});
  } catch (error) {
    Notification.warning(`hanalife: no worker was started. ${(error as Error).message}`);
  }
}

export default plugin;
