/** The connections of the settings, and which of them the panel shows. */
import type { ConnectionRow, ConnectionsPayload } from '../contract/types.gen';
import type { FetchJson } from '../rpc/http';
import { RequestError } from '../rpc/source';
import type { Memory } from './memory';

/** A connection as the settings have it. */
export interface Definition {
  name: string;
  url: string;
  passwordVariable?: string;
  keyring?: string;
}

export interface Choice {
  rows: ConnectionRow[];
  chosen: string;
  /** Whether a worker may live in the server. */
  workerAllowed: boolean;
  /** Why the settings were not taken; empty if they were. */
  problem: string;
}

const CHOSEN = 'connection';

export class Connections {
  private choice: Choice;
  private definitions: Definition[] = [];
  private listeners = new Set<() => void>();

  constructor(
    /** Gives what asks about the database of a name. */
    private ask: (name: string) => FetchJson,
    private memory: Memory
  ) {
    this.choice = { rows: [], chosen: memory.get(CHOSEN), workerAllowed: false, problem: '' };
  }

  get(): Choice {
    return this.choice;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  choose(name: string): void {
    if (name === this.choice.chosen) return;
    this.memory.set(CHOSEN, name);
    this.change({ chosen: name });
  }

  /** The row of the connection that is shown, once it is known. */
  row(name = this.choice.chosen): ConnectionRow | undefined {
    return this.choice.rows.find(row => row.name === name);
  }

  /** Tells the server of the settings; what it refuses is shown as the problem. */
  async tell(definitions: Definition[]): Promise<void> {
    this.definitions = definitions;
    try {
      const body = definitions.map(({ passwordVariable, ...rest }) => ({ ...rest, password_variable: passwordVariable ?? '' }));
      const { connections, worker_allowed } = (await this.ask('')('connections', body)) as ConnectionsPayload;
      const gone = !connections.some(row => row.name === this.choice.chosen);
      this.change({ rows: connections, workerAllowed: worker_allowed, problem: '', ...(gone && { chosen: '' }) });
    } catch (error) {
      this.change({ problem: (error as Error).message });
    }
  }

  /** Asks about the database of a name; a server that has started anew is told of the settings first. */
  fetcher(name: string): FetchJson {
    const ask = this.ask(name);
    return async (path, body) => {
      try {
        return await ask(path, body);
      } catch (error) {
        if (!(error instanceof RequestError) || error.info.code !== 'unknown_connection') throw error;
        await this.tell(this.definitions);
        return ask(path, body);
      }
    };
  }

  private change(patch: Partial<Choice>): void {
    this.choice = { ...this.choice, ...patch };
    for (const listener of [...this.listeners]) listener();
  }
}
