import type { HostRevocation } from '@postern/shared/schemas';

/** What of a grant a revocation can name. */
export interface GrantScope {
  serviceId: string;
  identityId: string;
  sessionId: string;
}

/** No grant older than this is accepted anywhere, in ms: dial grants' outage time is far below. */
const KEEP_MS = 24 * 3_600_000;
const MAX_KEPT = 10_000;

/** True when all members the revocation names are the scope's. */
export function covers(revocation: HostRevocation, scope: GrantScope): boolean {
  const { serviceId, identityId, sessionId } = revocation;
  return (
    (serviceId === undefined || serviceId === scope.serviceId) &&
    (identityId === undefined || identityId === scope.identityId) &&
    (sessionId === undefined || sessionId === scope.sessionId)
  );
}

/**
 * Revocations seen, so that a grant issued before one is refused even if it arrives, or finishes its
 * handshake, after. Bounded: the oldest are forgotten first.
 */
export class Revocations {
  readonly #now: () => number;
  #seen: { revocation: HostRevocation; atMs: number }[] = [];

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add(revocation: HostRevocation): void {
    const now = this.#now();
    this.#seen = this.#seen.filter(({ atMs }) => now - atMs < KEEP_MS).slice(-MAX_KEPT + 1);
    this.#seen.push({ revocation, atMs: now });
  }

  /** The revocation that ended a grant issued at `issuedAtMs`, if any. */
  find(scope: GrantScope, issuedAtMs: number): HostRevocation | undefined {
    return this.#seen.find(({ revocation, atMs }) => issuedAtMs < atMs && covers(revocation, scope))
      ?.revocation;
  }
}
