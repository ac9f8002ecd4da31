/** What asks for attention while the panel is not looked at: jobs under way, new failures, new drift. */
import type { Instant, PulsePayload } from '../contract/types.gen';
import { HttpSource } from '../rpc/http';
import type { Attended } from '../views/sidebar/actions';
import type { Connections } from './connections';
import type { Memory } from './memory';
import type { Watched } from './state';

export interface Attention {
  running: number;
  queued: number;
  /** Since they were last looked at. */
  failed: number;
  drifted: number;
}

const PULSE_MS = 3_000;

/** Instants of the contract sort as text. */
function since(instants: readonly Instant[], seen: string): number {
  return instants.filter(instant => instant > seen).length;
}

/** Keeps count of what is new, for whichever database is chosen. */
export class Pulse implements Watched<Attention | null> {
  private source: HttpSource<PulsePayload> | undefined;
  private name = '';
  private attended = new Map<Attended, number>();
  private listeners = new Set<() => void>();

  constructor(
    private connections: Connections,
    private memory: Memory,
    /** Whether the panel is; nothing is in sight otherwise. */
    private seen: Watched<boolean>
  ) {
    connections.subscribe(() => this.follow());
    seen.subscribe(() => this.tell());
    this.follow();
  }

  /** Null while the database is not to be had. */
  get(): Attention | null {
    const pulse = this.source?.get();
    if (!pulse?.payload || pulse.status.word !== 'live') return null;
    const { running, queued, failed, drifted } = pulse.payload;
    const marked = (what: Attended) => this.memory.get(this.mark(what));
    return { running, queued, failed: since(failed, marked('failed')), drifted: since(drifted, marked('drifted')) };
  }

  /** From now on these are in sight while the panel is, until what it returns is called. */
  attend(what: Attended): () => void {
    this.count(what, 1);
    this.tell();
    return () => this.count(what, -1);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private count(what: Attended, more: number): void {
    this.attended.set(what, (this.attended.get(what) ?? 0) + more);
  }

  private follow(): void {
    const { chosen } = this.connections.get();
    if (this.source && chosen === this.name) return;
    this.source?.dispose();
    this.name = chosen;
    this.source = new HttpSource<PulsePayload>(this.connections.fetcher(chosen), 'pulse', PULSE_MS);
    this.source.subscribe(() => this.tell());
    this.tell();
  }

  /** The marks of each database are its own. */
  private mark(what: Attended): string {
    return `seen-${what}:${this.name}`;
  }

  private tell(): void {
    if (this.seen.get()) for (const [what, watchers] of this.attended) if (watchers) this.note(what);
    for (const listener of [...this.listeners]) listener();
  }

  /** Notes that all there are by now were looked at. */
  private note(what: Attended): void {
    const newest = this.source?.get().payload?.[what][0];
    if (newest && newest > this.memory.get(this.mark(what))) this.memory.set(this.mark(what), newest);
  }
}
