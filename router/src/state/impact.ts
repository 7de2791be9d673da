/** What a set of changes can touch, so that only that is decided again. */
import type { Change } from '@postern/shared/schemas';

export interface Impact {
  /** A policy, router or role may have changed for anybody. */
  readonly everything: boolean;
  readonly identities: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
  /** Sessions and tokens that ended. */
  readonly sessions: ReadonlySet<string>;
  /** Routers that came, went, or report otherwise; `all` after a snapshot. */
  readonly routers: ReadonlySet<string> | 'all';
}

export const ALL: Impact = {
  everything: true,
  identities: new Set(),
  services: new Set(),
  sessions: new Set(),
  routers: 'all',
};

export const NOTHING: Impact = { ...ALL, everything: false, routers: new Set() };

/**
 * `isRouterDecisive` tells whether a change of a router can change anybody's access, `ownerOf` whose
 * session it is of which a posture was held before.
 */
export function impactOf(
  changes: readonly Change[],
  isRouterDecisive: (change: Change) => boolean,
  ownerOf: (sessionId: string) => string | undefined,
): Impact {
  const identities = new Set<string>();
  const services = new Set<string>();
  const sessions = new Set<string>();
  const routers = new Set<string>();
  let everything = false;
  for (const change of changes) {
    const key = change.op === 'delete' ? change.key : 'id' in change.value ? change.value.id : '';
    switch (change.kind) {
      case 'identity':
        identities.add(key);
        break;
      case 'service':
        services.add(key);
        break;
      case 'revocation':
        if (change.op === 'put') sessions.add(key);
        break;
      case 'router':
        routers.add(key);
        everything ||= isRouterDecisive(change);
        break;
      case 'posture': {
        // Hosts have no session: any session of theirs decides what they may host.
        const owner = change.op === 'put' ? change.value.identityId : ownerOf(key);
        if (owner !== undefined) identities.add(owner);
        break;
      }
      case 'postureCheck':
      case 'servicePolicy':
      case 'edgeRouterPolicy':
      case 'serviceEdgeRouterPolicy':
        everything = true;
        break;
      case 'terminator':
      case 'signingKey':
        break;
    }
  }
  return { everything, identities, services, sessions, routers };
}

/** True if the change can touch who asked for what in which session. */
export function touches(
  impact: Impact,
  subject: {
    identityId: string;
    serviceId?: string;
    sessionId?: string;
    tokenId?: string | undefined;
  },
): boolean {
  return (
    impact.everything ||
    impact.identities.has(subject.identityId) ||
    (subject.serviceId !== undefined && impact.services.has(subject.serviceId)) ||
    (subject.sessionId !== undefined && impact.sessions.has(subject.sessionId)) ||
    (subject.tokenId !== undefined && impact.sessions.has(subject.tokenId))
  );
}
