/** Whether an identity may dial a service now, and over what: the decision behind every dial grant. */
import { AppError } from '@postern/shared/errors';
import { ELSEWHERE } from '@postern/shared/policy';
import type { DialGrantResponse } from '@postern/shared/schemas';
import type { ControllerContext } from '../context.ts';

const MAX_ROUTERS = 32;
/** Limit of the dial grant's `hosts`. */
const MAX_HOSTS = 100;

export interface DialRequest {
  readonly identityId: string;
  /** Sign-in session or API session. */
  readonly sessionId: string;
  readonly serviceId: string;
  /** Where the request came from, for the record. */
  readonly address: string;
  /** False refuses, whatever policy says: what was shown is not for this service. */
  readonly isKnown?: boolean;
}

export interface DialDecision {
  readonly identity: { readonly id: string; readonly name: string };
  readonly service: { readonly id: string; readonly name: string };
  readonly routers: DialGrantResponse['routers'];
  readonly hostIds: readonly string[];
}

/**
 * Decides, and notes the decision.
 *
 * @throws AppError ERR_ACCESS_NO_POLICY, ERR_POSTURE_FAILED (403), ERR_SERVICE_NOT_HOSTED, ERR_NO_ROUTER
 * (409: a 5xx would mean that we are out of order)
 */
export async function decideDial(
  ctx: ControllerContext,
  { identityId, sessionId, serviceId, address, isKnown = true }: DialRequest,
): Promise<DialDecision> {
  const identity = ctx.policy.entity('identity', identityId);
  const service = ctx.policy.entity('service', serviceId);
  // Routers see where the client connects from: they decide checks of networks.
  const from = { sessionId, address: ELSEWHERE, nowMs: ctx.clock() };
  const note = (outcome: 'success' | 'refused', reason: string): void =>
    ctx.audit.decisions.note({
      actor: { kind: 'identity', id: identityId, sessionId, address },
      action: 'dial',
      outcome,
      reason,
      entityKind: 'services',
      entityId: serviceId,
    });
  if (!isKnown || !identity || !service || !ctx.policy.mayDial(identityId, serviceId, from)) {
    const isPosture =
      isKnown &&
      identity !== undefined &&
      service !== undefined &&
      ctx.policy.mayDial(identityId, serviceId, 'posture-ignored');
    const code = isPosture ? 'ERR_POSTURE_FAILED' : 'ERR_ACCESS_NO_POLICY';
    note('refused', code);
    throw new AppError(code, 'no policy lets the identity dial from there', { status: 403 });
  }
  const routers = onlineRouters(ctx, identityId, serviceId);
  if (routers.length === 0) {
    throw new AppError('ERR_NO_ROUTER', 'no usable router is online', {
      status: 409,
      retryable: true,
    });
  }
  const hostIds = await hostsOf(ctx, serviceId);
  if (hostIds.length === 0) {
    throw new AppError('ERR_SERVICE_NOT_HOSTED', 'nobody hosts the service', {
      status: 409,
      retryable: true,
    });
  }
  note('success', 'granted');
  return { identity, service, routers, hostIds };
}

/** Routers both may use, cheapest first. */
function onlineRouters(
  ctx: ControllerContext,
  identityId: string,
  serviceId: string,
): DialGrantResponse['routers'] {
  return ctx.policy
    .commonRouters(identityId, serviceId)
    .map((id) => ctx.policy.entity('router', id))
    .filter((router) => router !== undefined)
    .filter((router) => router.isOnline && router.edgeUrls.length > 0)
    .sort((a, b) => a.cost - b.cost || a.id.localeCompare(b.id))
    .slice(0, MAX_ROUTERS)
    .map(({ id, name, edgeUrls }) => ({ id, name, edgeUrls }));
}

/** Identities that offer the service now and still may. */
async function hostsOf(ctx: ControllerContext, serviceId: string): Promise<string[]> {
  const rows = await ctx.store.db
    .selectFrom('terminators')
    .select('hostId')
    .distinct()
    .where('serviceId', '=', serviceId)
    .orderBy('hostId')
    .execute();
  return rows
    .map(({ hostId }) => hostId)
    .filter((id) => ctx.policy.mayBind(id, serviceId, { address: ELSEWHERE, nowMs: ctx.clock() }))
    .slice(0, MAX_HOSTS);
}
