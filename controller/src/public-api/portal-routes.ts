/** `/portal`: what the user portal of the login origin asks, by a sign-in session and its device key. */
import { AppError } from '@postern/shared/errors';
import {
  accessRequestSchema,
  portalSignInSchema,
  totpCodeSchema,
  type OwnTotp,
  type Portal,
} from '@postern/shared/schemas';
import type { Context, Hono } from 'hono';
import type { z } from 'zod';
import { runAs } from '../audit/actor.ts';
import { addressKey, createRateLimit } from '../auth/rate-limit.ts';
import type { ControllerContext } from '../context.ts';
import { isDisabled } from '../model/identities.ts';
import { ownAccessRequests, requestAccess } from '../portal/access-requests.ts';
import { ownApplications } from '../portal/own-applications.ts';
import { createOwnTotp, type Owner } from '../portal/own-totp.ts';
import type { PortalSignIns } from '../portal/portal-sign-in.ts';
import type { ProofVerifier } from '../sign-in/dpop.ts';
import { requireFreshSignIn } from '../sign-in/fresh-sign-in.ts';
import type { SignInSessions } from '../sign-in/sessions.ts';
import { repositories } from '../store/repositories.ts';
import type { PublicEnv } from './env.ts';
import { dpopToken, proveRequest, tooMany } from './proof.ts';

const REQUESTS_PER_MINUTE = 60;
const ASKS_PER_MINUTE = 10;

type Ctx = Context<PublicEnv>;

export interface PortalParts {
  readonly proofs: ProofVerifier;
  readonly sessions: SignInSessions;
  readonly portalSignIns: PortalSignIns;
}

export function addPortalRoutes(
  api: Hono<PublicEnv>,
  ctx: ControllerContext,
  { proofs, sessions, portalSignIns }: PortalParts,
): void {
  const limit = createRateLimit(REQUESTS_PER_MINUTE, ctx.clock);
  const askLimit = createRateLimit(ASKS_PER_MINUTE, ctx.clock);
  const attempts = createRateLimit(ctx.config.auth.attemptsPerMinute, ctx.clock);
  const totp = createOwnTotp(ctx, sessions);
  const addressOf = (c: Ctx): string => c.env.incoming.socket.remoteAddress ?? '';

  /** Runs `work` as the person whose session and device key the request shows. */
  const asOwner = async <T>(c: Ctx, work: (owner: Owner) => Promise<T>): Promise<T> => {
    const token = dpopToken(c);
    const thumbprint = await proveRequest(ctx, proofs, c, token);
    if (!limit.take(thumbprint)) throw tooMany();
    const session = await sessions.check(token, thumbprint);
    const identity = await repositories.identities.get(ctx.store.db, session.identityId);
    if (!identity || isDisabled(identity, ctx.clock()))
      throw new AppError('ERR_IDENTITY_DISABLED', 'the identity is disabled', { status: 403 });
    const actor = {
      kind: 'identity',
      id: identity.id,
      sessionId: session.id,
      address: addressOf(c),
    } as const;
    return runAs(actor, () => work({ identity, session }));
  };

  api.get('/portal', async (c) =>
    c.json(
      await asOwner(c, async ({ identity: { id, name } }): Promise<Portal> => ({
        identity: { id, name },
        applications: await ownApplications(ctx, id),
        accessRequests: (await ownAccessRequests(ctx, id)).slice(0, 100),
      })),
    ),
  );
  api.post('/portal/access-requests', async (c) =>
    c.json(
      await asOwner(c, async ({ identity }) => {
        if (!askLimit.take(identity.id)) throw tooMany();
        return requestAccess(ctx, identity, accessRequestSchema.parse(await c.req.json()));
      }),
      201,
    ),
  );
  api.post('/portal/sign-ins', async (c) => {
    const thumbprint = await proveRequest(ctx, proofs, c);
    if (!attempts.take(addressKey(addressOf(c)))) throw tooMany();
    const { ask } = portalSignInSchema.parse(await c.req.json());
    return c.json({ uid: await portalSignIns.begin(thumbprint, ask) }, 201);
  });

  api.get('/portal/totp', async (c) => c.json(await asOwner(c, (owner) => totp.state(owner))));
  api.post('/portal/totp/begin', async (c) =>
    c.json(
      await asOwner(c, (owner) => {
        requireFreshSignIn(owner.session, ctx.clock());
        return totp.begin(owner);
      }),
    ),
  );
  const addCodeRoute = (
    path: 'verify' | 'remove' | 'recovery-codes',
    act: (owner: Owner, code: string) => Promise<OwnTotp>,
  ): void => {
    api.post(`/portal/totp/${path}`, async (c) => {
      if (!attempts.take(addressKey(addressOf(c)))) throw tooMany();
      const answer = await asOwner(c, async (owner) => {
        requireFreshSignIn(owner.session, ctx.clock());
        const { code }: z.output<typeof totpCodeSchema> = totpCodeSchema.parse(await c.req.json());
        return act(owner, code);
      });
      return c.json(answer);
    });
  };
  addCodeRoute('verify', (...own) => totp.verify(...own));
  addCodeRoute('remove', (...own) => totp.remove(...own));
  addCodeRoute('recovery-codes', (...own) => totp.renewRecoveryCodes(...own));
}
