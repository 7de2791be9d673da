/**
 * What makes, keeps and ends tokens: built once, shared by the public API (which hands them out) and
 * the control server (which pushes keys, bind grants and revocations).
 */
import { sessionIssuer } from '../auth/session-token.ts';
import { sweepProofs } from '../cluster/shared-replay-cache.ts';
import type { ControllerContext } from '../context.ts';
import { openSigningKeys, type SigningKeys } from '../keys/signing-keys.ts';
import { OIDC_PATH } from '../oidc/mount.ts';
import { createPayloadStore, type PayloadStore } from '../oidc/payload-store.ts';
import { createSignInSessions, type SignInSessions } from '../sign-in/sessions.ts';
import type { SignInDatabase } from '../sign-in/tables.ts';
import { createGrantIssuer, type GrantIssuer } from './issue-grants.ts';

export interface TokenServices {
  /** `iss` of everything signed but session tokens, which have the admin listener's. */
  readonly issuer: string;
  readonly keys: SigningKeys;
  readonly grants: GrantIssuer;
  readonly sessions: SignInSessions;
  readonly payloads: PayloadStore;
  close(): void;
}

const SWEEP_INTERVAL_MS = 60_000;

export async function openTokenServices(ctx: ControllerContext): Promise<TokenServices> {
  ctx.store.addSnapshotSource('signingKey', async (db) => {
    const rows = await db
      .withTables<SignInDatabase>()
      .selectFrom('signingKeys')
      .selectAll()
      .execute();
    return rows.map(({ kid, use, issuer, jwk }) => ({
      kid,
      use,
      issuer,
      // Written by `openSigningKeys` alone, after validation.
      jwk: JSON.parse(jwk) as never,
    }));
  });

  const issuer = ctx.endpoints.public + OIDC_PATH;
  const keys = await openSigningKeys(ctx, (use) =>
    use === 'session' ? sessionIssuer(ctx.endpoints.admin) : issuer,
  );
  const sessions = createSignInSessions(ctx);
  const payloads = createPayloadStore(ctx);

  const report = (error: unknown): void => {
    ctx.logger.error('signIn.maintenanceFailed', { error });
  };
  const sweep = async (): Promise<void> => {
    await sessions.sweep();
    await payloads.sweep();
    await sweepProofs(ctx);
  };
  const timer = setInterval(() => void sweep().catch(report), SWEEP_INTERVAL_MS);
  timer.unref();
  const endIdentity = ({ identityId }: { identityId: string }): void => {
    sessions.endIdentity(identityId).catch(report);
  };
  ctx.events.on('identityEnded', endIdentity);
  // An identity may have ended just before the process did.
  await sessions.endOrphans();
  await sweep();

  return {
    issuer,
    keys,
    grants: createGrantIssuer(ctx, keys),
    sessions,
    payloads,
    close: () => {
      clearInterval(timer);
      ctx.events.off('identityEnded', endIdentity);
      keys.close();
    },
  };
}
