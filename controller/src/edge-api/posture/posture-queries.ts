/** Which posture checks stand between a caller and a service, and how they fare (specs/edge-api.md §3.5). */
import type { Entity } from '@postern/shared/schemas';
import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import type { PostureCheck, PostureDefinitions, ProcessRule } from '../../model/posture.ts';
import { mfaDueMs } from '../../posture/evaluate-check.ts';
import type { Reported } from '../../posture/reported.ts';

/** Types that OpenZiti's clients know how to answer; others would only confuse them. */
const ANSWERABLE: ReadonlySet<string> = new Set([
  'OS',
  'DOMAIN',
  'MAC',
  'PROCESS',
  'PROCESS_MULTI',
  'MFA',
]);

const processSchema = z.strictObject({ osType: z.string(), path: z.string() });
export const postureQuerySetSchema = z.strictObject({
  policyId: z.string(),
  policyType: z.enum(['Dial', 'Bind']),
  isPassing: z.boolean(),
  postureQueries: z.array(
    z.strictObject({
      id: z.string(),
      createdAt: z.string(),
      updatedAt: z.string(),
      queryType: z.string(),
      isPassing: z.boolean(),
      timeout: z.int(),
      timeoutRemaining: z.int(),
      timeoutAt: z.string().nullable(),
      promptOnWake: z.boolean().optional(),
      promptOnUnlock: z.boolean().optional(),
      process: processSchema.optional(),
      processes: z.array(processSchema).optional(),
    }),
  ),
});
export type PostureQuerySet = z.infer<typeof postureQuerySetSchema>;

/** Whose posture, as reported so far. */
export interface Candidate {
  readonly identityId: string;
  readonly reported: Reported;
}

/**
 * One set for each policy that grants the service once its checks pass. Without checks a set that
 * passes, since clients take a service without sets for one they may not use.
 */
export function postureQueries(
  { policy, posture, clock }: Pick<ControllerContext, 'policy' | 'posture' | 'clock'>,
  checks: ReadonlyMap<string, PostureCheck>,
  { identityId, reported }: Candidate,
  serviceId: string,
): PostureQuerySet[] {
  return policy.policiesGranting(identityId, serviceId).map((granting) => {
    const demanded = [...(policy.posture.demanded(granting) ?? [])]
      .map((id) => checks.get(id))
      .filter((check) => check !== undefined);
    const queries = demanded.map((check) => ({
      check,
      isPassing: posture.judge(check, reported).passes,
    }));
    return {
      policyId: granting.id,
      policyType: granting.type,
      isPassing: isMet(granting, queries),
      postureQueries: queries
        .filter(({ check }) => ANSWERABLE.has(check.typeId))
        .map(({ check, isPassing }) => query(check, reported, isPassing, clock())),
    };
  });
}

function isMet(
  { postureCheckRoles }: Entity<'servicePolicy'>,
  queries: readonly { isPassing: boolean }[],
): boolean {
  if (postureCheckRoles.length === 0) return true;
  return queries.length > 0 && queries.every(({ isPassing }) => isPassing);
}

function query(
  check: PostureCheck,
  reported: Reported,
  isPassing: boolean,
  nowMs: number,
): PostureQuerySet['postureQueries'][number] {
  const { id, createdAt, updatedAt, typeId, definition } = check;
  const common = { id, createdAt, updatedAt, queryType: typeId, isPassing };
  if (typeId === 'MFA') {
    const mfa = definition as PostureDefinitions['MFA'];
    const dueMs = mfaDueMs(mfa, reported);
    return {
      ...common,
      promptOnWake: mfa.promptOnWake,
      promptOnUnlock: mfa.promptOnUnlock,
      ...mfaTimes(mfa, dueMs, nowMs),
    };
  }
  const shape = ({ osType, path }: ProcessRule) => ({ osType, path });
  return {
    ...common,
    timeout: -1,
    timeoutRemaining: -1,
    timeoutAt: null,
    ...('process' in definition && { process: shape(definition.process) }),
    ...('processes' in definition && { processes: definition.processes.map(shape) }),
  };
}

/** -1: no timeout; 0 remaining: due, or never passed (§4.2). */
export function mfaTimes(
  { timeoutSeconds }: PostureDefinitions['MFA'],
  dueMs: number | undefined,
  nowMs: number,
) {
  if (dueMs === Infinity) return { timeout: -1, timeoutRemaining: -1, timeoutAt: null };
  const remaining = dueMs === undefined ? 0 : Math.max(0, Math.floor((dueMs - nowMs) / 1000));
  return {
    timeout: timeoutSeconds,
    timeoutRemaining: dueMs === undefined && timeoutSeconds < 0 ? -1 : remaining,
    timeoutAt: dueMs === undefined ? null : new Date(dueMs).toISOString(),
  };
}
