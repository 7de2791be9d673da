/** Who would gain and lose what by changes that nobody has made yet. */
import { setImmediate } from 'node:timers/promises';
import { ELSEWHERE, PolicyIndex, type From } from '@postern/shared/policy';
import type { Change } from '@postern/shared/schemas';

export type AccessKind = 'dial' | 'bind' | 'router';

/** One right that one identity has only before, or only after. */
export interface Effect {
  readonly effect: 'gained' | 'lost';
  readonly access: AccessKind;
  readonly identityId: string;
  readonly identityName: string;
  /** The service, or the router. */
  readonly targetId: string;
  readonly targetName: string;
}

export interface SimulationPage {
  readonly offset: number;
  readonly limit: number;
}

export interface Simulation {
  readonly gained: Record<AccessKind, number>;
  readonly lost: Record<AccessKind, number>;
  /** Identities with any effect. */
  readonly identities: number;
  /** One page, by identity id. */
  readonly effects: readonly Effect[];
}

/** Work between two turns of the event loop, ms. */
const SLICE_MS = 10;

export interface SimulationOptions {
  readonly page: SimulationPage;
  /** `current`: by the sessions open now; `ignored`: by what policies grant once their checks pass. */
  readonly posture: 'current' | 'ignored';
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** Compares the access of everybody the changes can touch. Throws the signal's reason when aborted. */
export async function simulate(
  before: PolicyIndex,
  changes: readonly Change[],
  { page, posture, nowMs, signal }: SimulationOptions,
): Promise<Simulation> {
  const after = new PolicyIndex();
  after.load({ entities: before.entities() });
  for (const change of changes) after.apply(change);

  const from: From = posture === 'ignored' ? 'posture-ignored' : { address: ELSEWHERE, nowMs };
  const gained = { dial: 0, bind: 0, router: 0 };
  const lost = { dial: 0, bind: 0, router: 0 };
  const effects: Effect[] = [];
  let identities = 0;
  let seen = 0;
  const rightsOf = (index: PolicyIndex, id: string): Record<AccessKind, string[]> => ({
    dial: index.servicesFor(id, 'Dial', from),
    bind: index.servicesFor(id, 'Bind', from),
    router: index.routersFor(id),
  });
  const nameOf = (kind: 'identity' | 'service' | 'router', id: string): string =>
    (after.entity(kind, id) ?? before.entity(kind, id))?.name ?? id;
  const note = (effect: Effect['effect'], access: AccessKind, id: string, targetId: string) => {
    (effect === 'gained' ? gained : lost)[access] += 1;
    seen += 1;
    if (seen <= page.offset || effects.length >= page.limit) return;
    effects.push({
      effect,
      access,
      identityId: id,
      identityName: nameOf('identity', id),
      targetId,
      targetName: nameOf(access === 'router' ? 'router' : 'service', targetId),
    });
  };

  let sliceEndMs = performance.now() + SLICE_MS;
  for (const id of touched(before, after, changes)) {
    if (performance.now() > sliceEndMs) {
      await setImmediate();
      signal.throwIfAborted();
      sliceEndMs = performance.now() + SLICE_MS;
    }
    const [was, is] = [rightsOf(before, id), rightsOf(after, id)];
    const seenBefore = seen;
    for (const access of ['dial', 'bind', 'router'] as const) {
      const [old, now] = [new Set(was[access]), new Set(is[access])];
      for (const target of [...now].sort())
        if (!old.has(target)) note('gained', access, id, target);
      for (const target of [...old].sort()) if (!now.has(target)) note('lost', access, id, target);
    }
    if (seen > seenBefore) identities += 1;
  }
  return { gained, lost, identities, effects };
}

/** Ids of the identities whose access the changes can touch, in order. */
function touched(before: PolicyIndex, after: PolicyIndex, changes: readonly Change[]): string[] {
  const ids = new Set<string>();
  const all = () => {
    for (const index of [before, after])
      for (const { id } of index.entities().identity) ids.add(id);
  };
  for (const change of changes) {
    const key = change.op === 'delete' ? change.key : 'id' in change.value ? change.value.id : '';
    switch (change.kind) {
      case 'identity':
        ids.add(key);
        break;
      case 'servicePolicy':
        for (const index of [before, after]) {
          const policy = index.entity('servicePolicy', key);
          if (!policy) continue;
          for (const id of index.identitiesIn(policy.identityRoles, policy.semantic)) ids.add(id);
        }
        break;
      case 'service':
        for (const index of [before, after])
          for (const type of ['Dial', 'Bind'] as const)
            for (const id of index.identitiesFor(key, type, 'posture-ignored')) ids.add(id);
        break;
      default:
        all();
    }
  }
  return [...ids].sort();
}
