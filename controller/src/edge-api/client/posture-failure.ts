/** Why posture checks refuse a session: told to the caller by check, kept for administrators in full. */
import type { ControllerContext } from '../../context.ts';
import { findState } from '../../posture/posture-states.ts';
import type { FailedServiceRequest } from '../../sessions/failed-requests.ts';
import { repositories } from '../../store/repositories.ts';
import type { Caller } from '../../auth/api-sessions.ts';
import { EdgeError } from '../errors.ts';

/** The refusal of a session that policies grant and posture does not; it is noted in memory. */
export async function postureFailure(
  ctx: ControllerContext,
  { identity, session }: Caller,
  serviceId: string,
  type: 'Dial' | 'Bind',
): Promise<EdgeError> {
  const { store, policy, posture, clock, live } = ctx;
  const checks = new Map(
    (await repositories.postureChecks.find(store.db)).map((one) => [one.id, one]),
  );
  const reported = (await findState(store.db, session.id))?.reported ?? {};
  const granting = policy
    .policiesGranting(identity.id, serviceId)
    .filter((one) => one.type === type)
    .map((one) => ({
      id: one.id,
      checks: [...(policy.posture.demanded(one) ?? [])]
        .map((id) => checks.get(id))
        .filter((check) => check !== undefined)
        .map((check) => ({ check, isPassing: posture.judge(check, reported).passes })),
    }));

  const names = await repositories.servicePolicies.findIn(
    store.db,
    'id',
    granting.map(({ id }) => id),
  );
  const failed: FailedServiceRequest = {
    when: new Date(clock()).toISOString(),
    apiSessionId: session.id,
    serviceId,
    serviceName: policy.entity('service', serviceId)?.name ?? '',
    sessionType: type,
    policyFailures: granting.map((one) => ({
      policyId: one.id,
      policyName: names.find(({ id }) => id === one.id)?.name ?? '',
      checks: one.checks
        .filter(({ isPassing }) => !isPassing)
        .map(({ check }) => ({
          postureCheckId: check.id,
          postureCheckName: check.name,
          postureCheckType: check.typeId,
          expectedValue: check.definition,
        })),
    })),
  };
  live.failedRequests.add(identity.id, failed);

  const data = Object.fromEntries(
    granting.map((one) => [
      one.id,
      one.checks.map(({ check, isPassing }) => ({ id: check.id, typeId: check.typeId, isPassing })),
    ]),
  );
  const message = 'Posture checks of every policy that grants the service fail';
  return new EdgeError('INVALID_POSTURE', message, { code: 'INVALID_POSTURE', message, data });
}
