/** Why an identity can, or cannot, reach a service, and what would change that. */
import { ELSEWHERE, type PolicyIndex } from '@postern/shared/policy';
import type { Entity } from '@postern/shared/schemas';
import { missingRoles } from './missing-roles.ts';

export type AdviceCode =
  | 'ALLOWED'
  | 'IDENTITY_DISABLED'
  | 'NO_POLICY'
  | 'POSTURE_FAILING'
  | 'IDENTITY_HAS_NO_ROUTER'
  | 'SERVICE_HAS_NO_ROUTER'
  | 'NO_COMMON_ROUTER'
  | 'ROUTERS_OFFLINE'
  | 'NOT_HOSTED';

export interface Finding {
  readonly code: AdviceCode;
  readonly message: string;
  /** What an administrator can do about it. */
  readonly fix?: string;
}

/** How a policy fares for this identity and service; lists say what is missing, empty when held. */
export interface PolicyMatch {
  readonly id: string;
  readonly identityHeld: boolean;
  readonly identityMissing: readonly string[];
  readonly serviceHeld: boolean;
  readonly serviceMissing: readonly string[];
  /** Checks the policy asks for; `sessions`: how many of the identity's sessions pass it now. */
  readonly postureChecks: readonly { readonly id: string; readonly sessions: number }[];
  /** Whether it holds both and its checks pass now, in some session of the identity. */
  readonly isGranting: boolean;
}

export interface Advice {
  readonly type: 'Dial' | 'Bind';
  readonly isAllowed: boolean;
  /** The first is what to look at first. */
  readonly findings: readonly Finding[];
  /** Those that grant, then those that nearly do; at most 20. */
  readonly policies: readonly PolicyMatch[];
}

export interface Subject {
  readonly identity: Entity<'identity'>;
  readonly service: Entity<'service'>;
  /** Terminators of the service. */
  readonly terminators: number;
  readonly nowMs: number;
}

const MAX_POLICIES = 20;

export function advise(policy: PolicyIndex, subject: Subject, type: 'Dial' | 'Bind'): Advice {
  const { identity, service, nowMs } = subject;
  const from = { address: ELSEWHERE, nowMs };
  const isAllowed =
    type === 'Dial'
      ? policy.mayDial(identity.id, service.id, from)
      : policy.mayBind(identity.id, service.id, from);
  const matches = policy
    .entities()
    .servicePolicy.filter((each) => each.type === type)
    .map((each) => match(policy, each, subject))
    .filter(({ identityHeld, serviceHeld }) => identityHeld || serviceHeld)
    .sort((a, b) => distance(a) - distance(b) || a.id.localeCompare(b.id));
  const findings = [
    ...identityFindings(subject),
    ...policyFindings(matches, type),
    ...routerFindings(policy, subject),
    ...hostFindings(subject, type),
  ];
  const allowed: Finding[] = isAllowed
    ? [{ code: 'ALLOWED', message: `${identity.name} may ${type.toLowerCase()} ${service.name}` }]
    : [];
  return {
    type,
    isAllowed,
    findings: [...allowed, ...findings],
    policies: matches.slice(0, MAX_POLICIES),
  };
}

function match(
  policy: PolicyIndex,
  each: Entity<'servicePolicy'>,
  { identity, service, nowMs }: Subject,
): PolicyMatch {
  const identityMissing = missingRoles(identity, each.identityRoles, each.semantic);
  const serviceMissing = missingRoles(service, each.serviceRoles, each.semantic);
  const demanded = [...(policy.posture.demanded(each) ?? [])];
  const sessions = [...policy.posture.sessions.values()].filter(
    ({ identityId }) => identityId === identity.id,
  );
  const from = { address: ELSEWHERE, nowMs };
  return {
    id: each.id,
    identityHeld: identityMissing === undefined,
    identityMissing: identityMissing ?? [],
    serviceHeld: serviceMissing === undefined,
    serviceMissing: serviceMissing ?? [],
    postureChecks: demanded.map((id) => ({
      id,
      sessions: sessions.filter((one) => policy.posture.passes(id, identity.id, one.id, from))
        .length,
    })),
    isGranting:
      identityMissing === undefined &&
      serviceMissing === undefined &&
      policy.posture.meets(each, identity.id, from),
  };
}

function distance({
  isGranting,
  identityHeld,
  serviceHeld,
  identityMissing,
  serviceMissing,
}: PolicyMatch): number {
  if (isGranting) return 0;
  if (identityHeld && serviceHeld) return 1;
  return 2 + identityMissing.length + serviceMissing.length;
}

function identityFindings({ identity }: Subject): Finding[] {
  if (!identity.disabled) return [];
  return [
    {
      code: 'IDENTITY_DISABLED',
      message: `${identity.name} is disabled`,
      fix: 'Enable the identity.',
    },
  ];
}

function policyFindings(matches: readonly PolicyMatch[], type: 'Dial' | 'Bind'): Finding[] {
  const holding = matches.filter(({ identityHeld, serviceHeld }) => identityHeld && serviceHeld);
  if (holding.some(({ isGranting }) => isGranting)) return [];
  const [first] = holding;
  if (first) {
    const failing = first.postureChecks.filter(({ sessions }) => sessions === 0);
    return postureFinding(
      first.id,
      failing.map(({ id }) => id),
    );
  }
  const [near] = matches;
  const fix = near
    ? `Policy ${near.id} nearly grants it: ${[
        near.identityHeld ? '' : `the identity lacks ${nameRoles(near.identityMissing)}`,
        near.serviceHeld ? '' : `the service lacks ${nameRoles(near.serviceMissing)}`,
      ]
        .filter((text) => text !== '')
        .join(', ')}.`
    : `Make a ${type} service policy that holds both.`;
  return [{ code: 'NO_POLICY', message: `no ${type} policy holds both`, fix }];
}

function postureFinding(policyId: string, failing: readonly string[]): Finding[] {
  return [
    {
      code: 'POSTURE_FAILING',
      message:
        failing.length === 0
          ? `policy ${policyId} asks for posture checks that no single session passes, or that do not exist`
          : `no session passes what policy ${policyId} asks for: ${failing.join(', ')}`,
      fix: 'Look at the posture data of the identity, or at the posture checks of the policy.',
    },
  ];
}

function routerFindings(policy: PolicyIndex, { identity, service }: Subject): Finding[] {
  if (identity.disabled) return [];
  const [ofIdentity, ofService] = [
    policy.routersFor(identity.id),
    policy.routersOfService(service.id),
  ];
  const common = policy.commonRouters(identity.id, service.id);
  if (ofIdentity.length === 0)
    return [
      {
        code: 'IDENTITY_HAS_NO_ROUTER',
        message: 'no enabled router is in an edge-router policy with the identity',
        fix: 'Make an edge-router policy that holds the identity and a router.',
      },
    ];
  if (ofService.length === 0)
    return [
      {
        code: 'SERVICE_HAS_NO_ROUTER',
        message: 'no enabled router is in a service-edge-router policy with the service',
        fix: 'Make a service-edge-router policy that holds the service and a router.',
      },
    ];
  if (common.length === 0)
    return [
      {
        code: 'NO_COMMON_ROUTER',
        message: 'identity and service have routers, but none in common',
        fix: 'Add a router of the one to the policies of the other.',
      },
    ];
  if (common.some((id) => policy.entity('router', id)?.isOnline === true)) return [];
  return [
    {
      code: 'ROUTERS_OFFLINE',
      message: 'none of the routers they have in common is online',
      fix: 'Start one of them, or look at its log.',
    },
  ];
}

function hostFindings({ terminators }: Subject, type: 'Dial' | 'Bind'): Finding[] {
  if (type === 'Bind' || terminators > 0) return [];
  return [
    {
      code: 'NOT_HOSTED',
      message: 'nobody hosts the service right now',
      fix: 'Start its connector, or look at why it may not bind the service.',
    },
  ];
}

function nameRoles(roles: readonly string[]): string {
  return roles.length === 0 ? 'a place in its list' : roles.join(' ');
}
