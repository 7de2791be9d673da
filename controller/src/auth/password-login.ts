import type { ControllerContext } from '../context.ts';
import { isDisabled } from '../model/identities.ts';
import { endApiSessionsOf } from '../sessions/end-sessions.ts';
import { repositories } from '../store/repositories.ts';
import type { Proven } from './authentication.ts';
import { verifyPassword } from './passwords.ts';

type LoginContext = Pick<ControllerContext, 'store' | 'clock' | 'events' | 'logger'>;

/**
 * Username and password → enabled identity whose policy allows it. Too many bad ones in a row
 * disable the identity for as long as its auth policy says.
 */
export async function loginByPassword(
  ctx: LoginContext,
  username: string,
  password: string,
): Promise<Proven | undefined> {
  const { store, clock } = ctx;
  const [authenticator] = await repositories.authenticators.find(store.db, {
    username,
    method: 'updb',
  });
  const matches = await verifyPassword(authenticator?.passwordHash ?? undefined, password);
  if (!authenticator) return undefined;
  const identity = await repositories.identities.get(store.db, authenticator.identityId);
  const policy = identity && (await repositories.authPolicies.get(store.db, identity.authPolicyId));
  if (!policy || isDisabled(identity, clock()) || !policy.primary.updb.allowed) return undefined;
  if (!matches) {
    await countFailure(ctx, authenticator.id, policy.primary.updb);
    return undefined;
  }
  if (authenticator.failedAttempts > 0) {
    await store.write((tx) =>
      repositories.authenticators.update(tx, authenticator.id, { failedAttempts: 0 }),
    );
  }
  return { identity, authenticatorId: authenticator.id };
}

async function countFailure(
  { store, clock, events, logger }: LoginContext,
  authenticatorId: string,
  { maxAttempts, lockoutDurationMinutes }: { maxAttempts: number; lockoutDurationMinutes: number },
): Promise<void> {
  const lockedId = await store.write(async (tx) => {
    // Read again: attempts made at once must all count.
    const authenticator = await repositories.authenticators.get(tx.db, authenticatorId);
    if (!authenticator) return undefined;
    const failedAttempts = authenticator.failedAttempts + 1;
    const locks = maxAttempts > 0 && failedAttempts >= maxAttempts;
    await repositories.authenticators.update(tx, authenticatorId, {
      failedAttempts: locks ? 0 : failedAttempts,
    });
    if (!locks) return undefined;
    const untilMs =
      lockoutDurationMinutes > 0 ? clock() + lockoutDurationMinutes * 60_000 : undefined;
    await disableIdentity(tx, authenticator.identityId, clock(), untilMs);
    return authenticator.identityId;
  });
  if (lockedId === undefined) return;
  logger.warn('auth.locked-out', { identityId: lockedId });
  events.emit('identityEnded', { identityId: lockedId, reason: 'disabled' });
}

/** Disables an identity and ends its API sessions; `untilMs` absent: for ever. */
export async function disableIdentity(
  tx: Parameters<typeof repositories.identities.update>[0],
  identityId: string,
  nowMs: number,
  untilMs?: number,
): Promise<void> {
  await repositories.identities.update(tx, identityId, {
    disabledAt: new Date(nowMs).toISOString(),
    disabledUntil: untilMs === undefined ? null : new Date(untilMs).toISOString(),
  });
  await endApiSessionsOf(tx, { identityId }, nowMs);
}
