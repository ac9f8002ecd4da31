/** The sidebar on the Jupyter server: asks about the database that is chosen, again and again while it is seen. */
import { useEffect, useMemo } from 'preact/hooks';
import type { AlertsPayload, ExperimentsPayload, ModelsPayload, TasksPayload } from '../contract/types.gen';
import { HttpSource } from '../rpc/http';
import type { Actions, Reveal } from '../views/sidebar/actions';
import { SidebarView } from '../views/sidebar/SidebarView';
import type { Connections } from './connections';
import { useWatched, type Watched } from './state';

interface Props {
  seen: Watched<boolean>;
  connections: Connections;
  pollMs: Watched<number>;
  reveal: Watched<Reveal | null>;
  actions: Actions;
}

export function Sidebar({ seen, connections, pollMs, reveal, actions }: Props) {
  const { rows, chosen, workerAllowed, problem } = useWatched(connections);
  const every = useWatched(pollMs);
  const sources = useMemo(() => ask(connections, chosen, every), [connections, chosen, every]);
  useEffect(() => () => Object.values(sources).forEach(source => source.dispose()), [sources]);
  const isSeen = useWatched(seen);
  useEffect(() => Object.values(sources).forEach(source => (isSeen ? source.again() : source.pause())), [sources, isSeen]);
  return (
    <SidebarView
      connections={rows}
      chosen={chosen}
      problem={problem}
      workerAllowed={workerAllowed}
      onChoose={name => connections.choose(name)}
      onChanged={() => sources.tasks.again()}
      sources={sources}
      actions={actions}
      reveal={useWatched(reveal)}
    />
  );
}

function ask(connections: Connections, name: string, every: number) {
  const fetchJson = connections.fetcher(name);
  return {
    experiments: new HttpSource<ExperimentsPayload>(fetchJson, 'experiments', every),
    models: new HttpSource<ModelsPayload>(fetchJson, 'models', every),
    tasks: new HttpSource<TasksPayload>(fetchJson, 'tasks', every),
    alerts: new HttpSource<AlertsPayload>(fetchJson, 'drift', every)
  };
}
