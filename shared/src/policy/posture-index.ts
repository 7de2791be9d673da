import { isInNetworks } from '../posture/networks.ts';
import type { Entity } from '../schemas/index.ts';
import { RoleIndex, type Semantic } from './role-index.ts';
import { ELSEWHERE, type Vantage } from './vantage.ts';

/** A policy's demand: the checks that its list holds. */
interface Demand {
  readonly postureCheckRoles: readonly string[];
  readonly semantic: Semantic;
}

/**
 * Posture checks, and which of them the sessions pass. Fails closed: what nobody reported, what has
 * run out, a check that is gone and a list of roles that holds no check do not pass.
 */
export class PostureIndex {
  readonly #roles = new RoleIndex();
  readonly #checks = new Map<string, Entity<'postureCheck'>>();
  readonly #sessions = new Map<string, Entity<'posture'>>();
  readonly #sessionsOf = new Map<string, Set<string>>();

  get checks(): ReadonlyMap<string, Entity<'postureCheck'>> {
    return this.#checks;
  }

  get sessions(): ReadonlyMap<string, Entity<'posture'>> {
    return this.#sessions;
  }

  putCheck(check: Entity<'postureCheck'>): void {
    this.#checks.set(check.id, check);
    this.#roles.put(check.id, check.roleAttributes);
  }

  deleteCheck(id: string): void {
    this.#checks.delete(id);
    this.#roles.delete(id);
  }

  putSession(posture: Entity<'posture'>): void {
    this.deleteSession(posture.id);
    this.#sessions.set(posture.id, posture);
    const own = this.#sessionsOf.get(posture.identityId) ?? new Set();
    this.#sessionsOf.set(posture.identityId, own.add(posture.id));
  }

  deleteSession(id: string): void {
    const before = this.#sessions.get(id);
    if (before === undefined) return;
    this.#sessions.delete(id);
    const own = this.#sessionsOf.get(before.identityId);
    own?.delete(id);
    if (own?.size === 0) this.#sessionsOf.delete(before.identityId);
  }

  /** Ids of the checks that a policy demands; `undefined` when one of them, or all, are missing. */
  demanded({ postureCheckRoles, semantic }: Demand): ReadonlySet<string> | undefined {
    const missing = postureCheckRoles.some(
      (role) => role.startsWith('@') && !this.#roles.has(role.slice(1)),
    );
    if (missing) return undefined;
    const held = new Set<string>();
    this.#roles.collect(postureCheckRoles, semantic, held);
    return held.size === 0 ? undefined : held;
  }

  /** Whether the identity meets a policy's demand from there. Without a vantage only an empty one is met. */
  meets(demand: Demand, identityId: string, vantage: Vantage | undefined): boolean {
    if (demand.postureCheckRoles.length === 0) return true;
    if (vantage === undefined) return false;
    const checks = this.demanded(demand);
    if (checks === undefined) return false;
    if (vantage.sessionId !== undefined)
      return this.#allPass(checks, identityId, vantage.sessionId, vantage);
    const own = this.#sessionsOf.get(identityId) ?? [''];
    return [...own].some((sessionId) => this.#allPass(checks, identityId, sessionId, vantage));
  }

  /** Whether one check passes. */
  passes(checkId: string, identityId: string, sessionId: string, vantage: Vantage): boolean {
    const check = this.#checks.get(checkId);
    if (check === undefined) return false;
    if (check.networks !== undefined)
      return vantage.address === ELSEWHERE || isInNetworks(vantage.address, check.networks);
    const posture = this.#sessions.get(sessionId);
    if (posture?.identityId !== identityId) return false;
    const passing = posture.passing.find(({ id }) => id === checkId);
    return passing !== undefined && (passing.untilMs ?? Infinity) > vantage.nowMs;
  }

  /** Ids of the sessions of which some check has run out since `sinceMs`. */
  expired(sinceMs: number, nowMs: number): string[] {
    const isDue = ({ untilMs = Infinity }: { untilMs?: number | undefined }): boolean =>
      untilMs > sinceMs && untilMs <= nowMs;
    return [...this.#sessions.values()]
      .filter((one) => one.passing.some(isDue))
      .map(({ id }) => id);
  }

  #allPass(
    checks: ReadonlySet<string>,
    identityId: string,
    sessionId: string,
    vantage: Vantage,
  ): boolean {
    for (const id of checks) if (!this.passes(id, identityId, sessionId, vantage)) return false;
    return true;
  }
}
