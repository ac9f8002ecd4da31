/** The settings as the schema has them, checked once they come; without a registry, their defaults. */
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { Definition } from './connections';

export interface Settings {
  connections: Definition[];
  pollMs: number;
  startWorker: boolean;
}

const DEFAULTS: Settings = { connections: [], pollMs: 1_000, startWorker: false };

export async function watchSettings(
  registry: ISettingRegistry | null,
  plugin: string,
  onChange: (settings: Settings) => void
): Promise<void> {
  if (!registry) return onChange(DEFAULTS);
  const loaded = await registry.load(plugin);
  const tell = () =>
    onChange({
      connections: loaded.get('connections').composite as unknown as Definition[],
      pollMs: 1_000 * (loaded.get('pollSeconds').composite as number),
      startWorker: loaded.get('startWorker').composite as boolean
    });
  loaded.changed.connect(tell);
  tell();
}
