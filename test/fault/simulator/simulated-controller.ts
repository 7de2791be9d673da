/**
 * What routers need of a controller: it keeps what they report, marks offline who is gone, and pushes every
 * change in order, from a log or as a snapshot. No policy, no store, no JSON.
 */
import {
  entityKey,
  type Change,
  type Delta,
  type Entity,
  type EntityKind,
  type RouterStatus,
  type RouterTerminators,
  type Snapshot,
} from '@postern/shared/schemas';
import { emptySnapshot } from '../../harness/empty-snapshot.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Changes within this time go out as one. */
const COMMIT_MS = 10;
/** As `controller/src/control/router-grace.ts` has it. */
const GRACE_MS = 5_000;
const LOG_DELTAS = 5_000;

export interface Subscriber {
  snapshot(snapshot: Snapshot): void;
  delta(delta: Delta): void;
}

export class SimulatedController {
  /** Messages from and to routers so far. */
  messages = 0;
  index = 1;
  readonly #clock: VirtualClock;
  readonly #tables = new Map<EntityKind, Map<string, Entity<EntityKind>>>();
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #log: Delta[] = [];
  readonly #terminatorsOf = new Map<string, Map<string, Entity<'terminator'>>>();
  #pending: Change[] = [];

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  table<K extends EntityKind>(kind: K): ReadonlyMap<string, Entity<K>> {
    return this.#table(kind) as Map<string, Entity<K>>;
  }

  put<K extends EntityKind>(kind: K, value: Entity<K>): void {
    this.#table(kind).set(entityKey(kind, value), value);
    this.#change({ op: 'put', kind, value } as Change);
  }

  terminatorsOf(routerId: string): ReadonlyMap<string, Entity<'terminator'>> {
    return this.#terminatorsOf.get(routerId) ?? new Map<string, Entity<'terminator'>>();
  }

  subscribe(routerId: string, from: { timeline: string; index: number }, to: Subscriber): void {
    this.#subscribers.set(routerId, to);
    this.messages += 1;
    // What is pending is in the tables already and will come as a change too: applying it twice is harmless.
    this.#commit();
    const first = this.#log.findIndex(({ previousIndex }) => previousIndex === from.index);
    if (from.timeline !== 'test' || (first < 0 && from.index !== this.index)) {
      this.messages += 1;
      to.snapshot(this.#snapshot());
      return;
    }
    const missed = first < 0 ? [] : this.#log.slice(first);
    this.messages += missed.length;
    for (const delta of missed) to.delta(delta);
  }

  status(routerId: string, status: RouterStatus): void {
    this.messages += 1;
    const router = this.table('router').get(routerId);
    if (router !== undefined) this.put('router', { ...router, ...status, isOnline: true });
  }

  terminators(routerId: string, { terminators }: RouterTerminators): void {
    this.messages += 1;
    const before = this.#terminatorsOf.get(routerId) ?? new Map<string, Entity<'terminator'>>();
    const now = new Map(terminators.map((one) => [one.id, { ...one, routerId }]));
    for (const id of before.keys()) if (!now.has(id)) this.#delete('terminator', id);
    for (const [id, terminator] of now) {
      const known = before.get(id);
      if (known?.cost === terminator.cost && known.precedence === terminator.precedence)
        now.set(id, known);
      else this.put('terminator', terminator);
    }
    this.#terminatorsOf.set(routerId, now);
  }

  /** The router's connection ended: it is offline unless it is back in time; what it reported stays. */
  lost(routerId: string, subscriber: Subscriber): void {
    if (this.#subscribers.get(routerId) !== subscriber) return;
    this.#subscribers.delete(routerId);
    this.#clock.schedule(GRACE_MS, () => {
      if (this.#subscribers.has(routerId)) return;
      const router = this.table('router').get(routerId);
      if (router !== undefined) this.put('router', { ...router, isOnline: false });
    });
  }

  #table(kind: EntityKind): Map<string, Entity<EntityKind>> {
    let table = this.#tables.get(kind);
    if (table === undefined) this.#tables.set(kind, (table = new Map()));
    return table;
  }

  #delete(kind: EntityKind, key: string): void {
    this.#table(kind).delete(key);
    this.#change({ op: 'delete', kind, key });
  }

  #change(change: Change): void {
    if (this.#pending.length === 0) this.#clock.schedule(COMMIT_MS, () => this.#commit());
    this.#pending.push(change);
  }

  #commit(): void {
    if (this.#pending.length === 0) return;
    const changes = this.#pending;
    this.#pending = [];
    const delta = { timeline: 'test', previousIndex: this.index, index: ++this.index, changes };
    this.#log.push(delta);
    if (this.#log.length > LOG_DELTAS) this.#log.shift();
    this.messages += this.#subscribers.size;
    for (const subscriber of [...this.#subscribers.values()]) subscriber.delta(delta);
  }

  #snapshot(): Snapshot {
    const { entities } = emptySnapshot();
    for (const kind of Object.keys(entities) as EntityKind[])
      Object.assign(entities, { [kind]: [...this.#table(kind).values()] });
    return { timeline: 'test', index: this.index, entities };
  }
}
