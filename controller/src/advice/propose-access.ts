/**
 * The smallest change of policy that lets one identity dial one service: a policy for that service alone, naming
 * identities one by one. It is made at the first request and extended at the next ones.
 */
import { createHash } from 'node:crypto';
import type { PolicyIndex } from '@postern/shared/policy';
import type { Entity } from '@postern/shared/schemas';
import type { ServicePolicy } from '../model/policies.ts';
import { missingRoles } from './missing-roles.ts';

/** What the policy will be, whole: an administrator sees all of it before accepting. */
export interface AccessProposal {
  /** The policy that is extended; null: a new one. */
  readonly policyId: string | null;
  readonly policyName: string;
  readonly identityRoles: readonly string[];
  readonly serviceRoles: readonly string[];
  readonly postureCheckRoles: readonly string[];
  /** Routers that both may use, now: with none, the policy alone will not do. */
  readonly routersInCommon: number;
  /** Stands for what is proposed, and for nothing else. */
  readonly digest: string;
}

export interface AccessSubject {
  readonly identityId: string;
  readonly service: Pick<Entity<'service'>, 'id' | 'name' | 'roleAttributes'>;
  /** Every service policy. */
  readonly policies: readonly ServicePolicy[];
}

export function proposeAccess(
  policy: Pick<PolicyIndex, 'commonRouters'>,
  { identityId, service, policies }: AccessSubject,
): AccessProposal {
  const serviceRoles = [`@${service.id}`];
  const postureCheckRoles = demandedOfAll(policies, service);
  const known = policies.find(
    (each) =>
      each.type === 'Dial' &&
      each.semantic === 'AnyOf' &&
      isSame(each.serviceRoles, serviceRoles) &&
      isSame(each.postureCheckRoles, postureCheckRoles) &&
      each.identityRoles.every((role) => role.startsWith('@')),
  );
  const change = {
    policyId: known?.id ?? null,
    policyName: known?.name ?? freeName(`${service.name} on request`, policies),
    identityRoles: [...new Set([...(known?.identityRoles ?? []), `@${identityId}`])].sort(),
    serviceRoles,
    postureCheckRoles,
  };
  return {
    ...change,
    routersInCommon: policy.commonRouters(identityId, service.id).length,
    digest: createHash('sha256').update(JSON.stringify(change)).digest('base64url'),
  };
}

/**
 * Posture checks that a new policy must not get around: where every policy that grants the service asks for some,
 * those of them all.
 */
function demandedOfAll(
  policies: readonly ServicePolicy[],
  service: AccessSubject['service'],
): string[] {
  const granting = policies.filter(
    ({ type, serviceRoles, semantic }) =>
      type === 'Dial' && missingRoles(service, serviceRoles, semantic) === undefined,
  );
  if (granting.some(({ postureCheckRoles }) => postureCheckRoles.length === 0)) return [];
  return [...new Set(granting.flatMap(({ postureCheckRoles }) => postureCheckRoles))].sort();
}

function freeName(wanted: string, policies: readonly ServicePolicy[]): string {
  const taken = new Set(policies.map(({ name }) => name));
  let name = wanted;
  for (let at = 2; taken.has(name); at += 1) name = `${wanted} ${at}`;
  return name;
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((value, at) => value === other[at]);
