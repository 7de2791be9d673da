/** What the login page asks: the steps of signing in and out, and a person's own passkeys. */
import {
  extJwtLoginSchema,
  passkeyLoginSchema,
  passkeyOptionsSchema,
  passkeyRegistrationSchema,
  passkeyRemovalSchema,
  passkeyRenamingSchema,
  passwordLoginSchema,
  secondJwtLoginSchema,
  totpLoginSchema,
  type Interaction,
  type LoginAnswer,
  type LoginResult,
  type OwnPasskeys,
} from '@postern/shared/schemas';
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { addressKey, createRateLimit } from '../auth/rate-limit.ts';
import type { ControllerContext } from '../context.ts';
import type { ProofVerifier } from '../sign-in/dpop.ts';
import type { OwnPasskeysService } from '../sign-in/own-passkeys.ts';
import type { SignInSessions } from '../sign-in/sessions.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import type { PublicEnv } from './env.ts';
import { dpopToken, proveRequest, tooMany } from './proof.ts';

type Ctx = Context<PublicEnv>;
/** What is kept of a browser's name for itself, characters. */
const MAX_USER_AGENT = 512;
const uidSchema = z.string().regex(/^[A-Za-z0-9_-]{16,128}$/);

interface SignInParts {
  readonly proofs: ProofVerifier;
  readonly signIn: SignIn;
  readonly ownPasskeys: OwnPasskeysService;
  readonly sessions: SignInSessions;
}

export function addSignInRoutes(
  api: Hono<PublicEnv>,
  ctx: ControllerContext,
  { proofs, signIn, ownPasskeys, sessions }: SignInParts,
): void {
  const limit = createRateLimit(ctx.config.auth.attemptsPerMinute, ctx.clock);
  const prove = (c: Ctx, token?: string) => proveRequest(ctx, proofs, c, token);
  const uidOf = (c: Ctx): string => uidSchema.parse(c.req.param('uid'));

  /** For the person's own list of devices. */
  const noteDevice = (c: Ctx, thumbprint: string): Promise<void> =>
    sessions.noteDevice(thumbprint, {
      userAgent: c.req.header('user-agent')?.slice(0, MAX_USER_AGENT) ?? null,
      address: c.env.incoming.socket.remoteAddress ?? null,
    });

  /** A route that tests a proof: limited by address, for the device key that signed the request. */
  const addProof = <S extends z.ZodType>(
    path: string,
    schema: S,
    accept: (uid: string, thumbprint: string, login: z.output<S>) => Promise<LoginAnswer>,
  ): void => {
    api.post(`/interactions/:uid/${path}`, async (c) => {
      if (!limit.take(addressKey(c.env.incoming.socket.remoteAddress ?? ''))) throw tooMany();
      const thumbprint = await prove(c);
      const answer = await accept(uidOf(c), thumbprint, schema.parse(await c.req.json()));
      if ('sessionToken' in answer) await noteDevice(c, thumbprint);
      return c.json(answer);
    });
  };

  api.get('/interactions/:uid', async (c) => {
    await prove(c);
    return c.json((await signIn.describe(uidOf(c))) satisfies Interaction);
  });
  addProof('ext-jwt', extJwtLoginSchema, (...login) => signIn.byExternalJwt(...login));
  addProof('password', passwordLoginSchema, (...login) => signIn.byPassword(...login));
  addProof('totp', totpLoginSchema, (...login) => signIn.byTotp(...login));
  addProof('second-jwt', secondJwtLoginSchema, (...login) => signIn.bySecondJwt(...login));
  addProof('passkey', passkeyLoginSchema, (uid, thumbprint, { step, response }) =>
    signIn.byPasskey(uid, thumbprint, { step, response: response as never }),
  );
  api.post('/interactions/:uid/passkey/options', async (c) => {
    const thumbprint = await prove(c);
    const { step } = passkeyOptionsSchema.parse(await c.req.json());
    return c.json(await signIn.passkeyOptions(uidOf(c), thumbprint, step));
  });
  api.post('/interactions/:uid/session', async (c) => {
    const token = dpopToken(c);
    const thumbprint = await prove(c, token);
    const answer: LoginResult = await signIn.bySession(uidOf(c), thumbprint, token);
    await noteDevice(c, thumbprint);
    return c.json(answer);
  });
  api.post('/session/end', async (c) => {
    const token = dpopToken(c);
    await signIn.end(await prove(c, token), token);
    return c.body(null, 204);
  });

  const addOwn = <S extends z.ZodType>(
    path: string,
    schema: S,
    act: (thumbprint: string, token: string, body: z.output<S>) => Promise<OwnPasskeys>,
  ): void => {
    api.post(path, async (c) => {
      const token = dpopToken(c);
      const thumbprint = await prove(c, token);
      return c.json(await act(thumbprint, token, schema.parse(await c.req.json())));
    });
  };
  const nothing = z.strictObject({});
  addOwn('/session/passkeys/list', nothing, (thumbprint, token) =>
    ownPasskeys.list(thumbprint, token),
  );
  addOwn('/session/passkeys/options', nothing, (thumbprint, token) =>
    ownPasskeys.options(thumbprint, token),
  );
  addOwn('/session/passkeys', passkeyRegistrationSchema, (thumbprint, token, { name, response }) =>
    ownPasskeys.add(thumbprint, token, { name, response: response as never }),
  );
  addOwn('/session/passkeys/remove', passkeyRemovalSchema, (...own) => ownPasskeys.remove(...own));
  addOwn('/session/passkeys/rename', passkeyRenamingSchema, (...own) => ownPasskeys.rename(...own));
}
