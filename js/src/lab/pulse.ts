/** What asks for attention while the panel is not looked at: jobs under way, new failures, new drift. */
import type { Instant, PulsePayload } from '../contract/types.gen';
import type { Source } from '../rpc/source';
import type { Memory } from './memory';

export interface Attention {
  running: number;
  queued: number;
  /** Since they were last looked at. */
  failed: number;
  drifted: number;
}

export type Seen = 'failed' | 'drifted';

/** Instants of the contract sort as text. */
function since(instants: readonly Instant[], seen: string): number {
  return instants.filter(instant => instant > seen).length;
}

export class Pulse {
  private listeners = new Set<() => void>();
  private stop: () => void;

  constructor(
    private source: Source<PulsePayload>,
    private memory: Memory,
    /** The marks of each database are its own. */
    private connection: string
  ) {
    this.stop = source.subscribe(() => this.tell());
  }

  /** Null while the database is not to be had. */
  get(): Attention | null {
    const { payload, status } = this.source.get();
    if (!payload || status.word !== 'live') return null;
    const { running, queued, failed, drifted } = payload;
    return {
      running,
      queued,
      failed: since(failed, this.memory.get(this.mark('failed'))),
      drifted: since(drifted, this.memory.get(this.mark('drifted')))
    };
  }

  /** Notes that all there are by now were looked at. */
  see(what: Seen): void {
    const newest = this.source.get().payload?.[what][0];
    if (!newest || newest <= this.memory.get(this.mark(what))) return;
    this.memory.set(this.mark(what), newest);
    this.tell();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  dispose(): void {
    this.stop();
    this.source.dispose();
    this.listeners.clear();
  }

  private mark(what: Seen): string {
    return `seen-${what}:${this.connection}`;
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
