/**
 * The router's copy of the authorisation data: what the controller pushed last, kept across
 * restarts and controller outages.
 */
import { AppError } from '@postern/shared/errors';
import type { KeySet, TokenTime, VerificationKey } from '@postern/shared/grants';
import { PolicyIndex } from '@postern/shared/policy';
import {
  entityKey,
  entitySchemas,
  type Change,
  type Delta,
  type Entity,
  type EntityKind,
  type Snapshot,
} from '@postern/shared/schemas';
import { ALL, impactOf, NOTHING, type Impact } from './impact.ts';

const KINDS = Object.keys(entitySchemas) as EntityKind[];
type Tables = { [K in EntityKind]: Map<string, Entity<K>> };

export class RouterState implements KeySet {
  readonly policy = new PolicyIndex();
  /** True while a controller connection that has subscribed is up: the fresh times apply. */
  connected = false;
  /** Called after each change, with what it can touch. */
  onChange: (impact: Impact) => void = () => undefined;

  #tables = emptyTables();
  readonly #terminatorsByService = new Map<string, Map<string, Entity<'terminator'>>>();
  #timeline = '';
  #index = 0;
  #posturesExpiredMs = 0;
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** Where a subscription goes on; the empty timeline before the first snapshot. */
  get position(): { timeline: string; index: number } {
    return { timeline: this.#timeline, index: this.#index };
  }

  /** How tokens and grants are to be judged now. */
  get tokenTime(): TokenTime {
    return { nowMs: this.#nowMs(), connected: this.connected };
  }

  get<K extends EntityKind>(kind: K, key: string): Entity<K> | undefined {
    return this.#tables[kind].get(key);
  }

  all<K extends EntityKind>(kind: K): IterableIterator<Entity<K>> {
    return this.#tables[kind].values();
  }

  /** {@link KeySet}: a signing key for one use. */
  find(use: VerificationKey['use'], kid: string): VerificationKey | undefined {
    const key = this.get('signingKey', kid);
    return key?.use === use ? key : undefined;
  }

  /** Terminators of one service, on all routers as the controller reports them. */
  terminatorsOf(serviceId: string): Iterable<Entity<'terminator'>> {
    return this.#terminatorsByService.get(serviceId)?.values() ?? [];
  }

  /** Whether a session or token ended before its time. */
  isRevoked(id: string): boolean {
    return this.#tables.revocation.has(id);
  }

  isIdentityEnabled(identityId: string): boolean {
    return this.get('identity', identityId)?.disabled === false;
  }

  /** Replaces everything. */
  load(snapshot: Snapshot): void {
    this.#tables = emptyTables();
    this.#terminatorsByService.clear();
    for (const kind of KINDS) {
      for (const value of snapshot.entities[kind]) this.#put(kind, value);
    }
    this.policy.load(snapshot);
    this.#timeline = snapshot.timeline;
    this.#index = snapshot.index;
    this.onChange(ALL);
  }

  /**
   * Applies ordered changes.
   *
   * @throws AppError `ERR_STATE_GAP` when they do not follow what is held: resubscribe.
   */
  apply(delta: Delta): void {
    if (delta.timeline !== this.#timeline || delta.previousIndex !== this.#index) {
      throw new AppError('ERR_STATE_GAP', 'changes do not follow the state held', {
        retryable: true,
      });
    }
    const impact = impactOf(
      delta.changes,
      (change) => this.#decidesAccess(change),
      (sessionId) => this.get('posture', sessionId)?.identityId,
    );
    for (const change of delta.changes) this.#applyChange(change);
    this.#index = delta.index;
    this.onChange(impact);
  }

  /** Everything held, as the controller would send it. */
  snapshot(): Snapshot {
    const entities = Object.fromEntries(
      KINDS.map((kind) => [kind, [...this.#tables[kind].values()]]),
    );
    return {
      timeline: this.#timeline,
      index: this.#index,
      entities: entities as Snapshot['entities'],
    };
  }

  /** Reports as changed what passed posture checks that have run out since the last call. */
  expirePostures(): void {
    const nowMs = this.#nowMs();
    const due = this.policy.posture.expired(this.#posturesExpiredMs, nowMs);
    this.#posturesExpiredMs = nowMs;
    if (due.length === 0) return;
    const owners = due.flatMap((id) => this.get('posture', id)?.identityId ?? []);
    this.onChange({ ...NOTHING, identities: new Set(owners) });
  }

  /** Drops revocations whose tokens have expired by now. */
  forgetExpiredRevocations(): void {
    const nowMs = this.#nowMs();
    for (const [id, revocation] of this.#tables.revocation) {
      if (revocation.expiresAtMs <= nowMs) this.#tables.revocation.delete(id);
    }
  }

  /** A router that only came online or reports other links changes nobody's access. */
  #decidesAccess(change: Change): boolean {
    if (change.kind !== 'router' || change.op === 'delete') return true;
    const before = this.#tables.router.get(change.value.id);
    return (
      before?.disabled !== change.value.disabled ||
      before.roleAttributes.join() !== change.value.roleAttributes.join()
    );
  }

  #applyChange(change: Change): void {
    if (change.op === 'delete') this.#delete(change.kind, change.key);
    else this.#put(change.kind, change.value);
    this.policy.apply(change);
  }

  #put<K extends EntityKind>(kind: K, value: Entity<K>): void {
    const key = entityKey(kind, value);
    if (kind !== 'terminator') {
      this.#tables[kind].set(key, value);
      return;
    }
    this.#delete(kind, key);
    this.#tables[kind].set(key, value);
    const terminator = value as Entity<'terminator'>;
    const ofService =
      this.#terminatorsByService.get(terminator.serviceId) ??
      new Map<string, Entity<'terminator'>>();
    this.#terminatorsByService.set(terminator.serviceId, ofService.set(key, terminator));
  }

  #delete(kind: EntityKind, key: string): void {
    const before = kind === 'terminator' ? this.#tables.terminator.get(key) : undefined;
    this.#tables[kind].delete(key);
    if (before === undefined) return;
    const ofService = this.#terminatorsByService.get(before.serviceId);
    ofService?.delete(key);
    if (ofService?.size === 0) this.#terminatorsByService.delete(before.serviceId);
  }
}

function emptyTables(): Tables {
  return Object.fromEntries(KINDS.map((kind) => [kind, new Map()])) as unknown as Tables;
}
