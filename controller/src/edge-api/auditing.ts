/** Who a request acts as in the audit log, and the refusals that are recorded. */
import type { Actor } from '../audit/actor.ts';
import type { Caller } from '../auth/api-sessions.ts';
import type { ControllerContext } from '../context.ts';
import { remoteAddress } from './allowances.ts';
import { EdgeError } from './errors.ts';
import type { RouteSpec } from './route-spec.ts';
import type { EdgeContext } from './routes.ts';

export function actorOf(c: EdgeContext, caller: Caller | undefined): Actor {
  const address = remoteAddress(c);
  return caller
    ? { kind: 'identity', id: caller.identity.id, sessionId: caller.session.id, address }
    : { kind: 'anonymous', id: '', sessionId: '', address };
}

/**
 * Records attempts to prove something that failed, calls for which the caller has no right, and dials
 * refused for posture or routers. A call without any credential is no event.
 */
export function noteRefusal(
  { audit }: Pick<ControllerContext, 'audit'>,
  c: EdgeContext,
  spec: RouteSpec,
  caller: Caller | undefined,
  error: unknown,
): void {
  if (!(error instanceof EdgeError)) return;
  const isAttempt = spec.rate === 'login';
  const isForbidden =
    error.code === 'UNAUTHORIZED' &&
    (c.req.header('zt-session') ?? c.req.header('authorization')) !== undefined;
  const isDial = error.code === 'INVALID_POSTURE' || error.code === 'NO_EDGE_ROUTERS_AVAILABLE';
  if (!isAttempt && !isForbidden && !isDial) return;
  audit.decisions.note({
    actor: actorOf(c, caller),
    action: isAttempt ? 'authenticate' : isDial ? 'dial' : 'call',
    outcome: 'refused',
    reason: error.code,
    entityKind: 'route',
    entityId: `${spec.method.toUpperCase()} ${spec.path}`,
  });
}
