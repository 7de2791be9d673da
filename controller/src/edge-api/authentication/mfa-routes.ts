import { z } from 'zod';
import {
  checkMfa,
  findMfa,
  mfaSecrets,
  removeMfa,
  renewRecoveryCodes,
  startMfa,
  verifyEnrolment,
} from '../../auth/mfa.ts';
import { qrCodePng } from '../../auth/totp.ts';
import type { ControllerContext } from '../../context.ts';
import type { Mfa } from '../../model/second-factors.ts';
import { repositories } from '../../store/repositories.ts';
import { created, detail, done, links } from '../envelope.ts';
import { EdgeError, notFound } from '../errors.ts';
import { isAdministrator } from '../permissions.ts';
import {
  contentOf,
  createdResponse,
  detailOf,
  doneResponse,
  linksSchema,
  tagsSchema,
  timeSchema,
} from '../responses.ts';
import type { EdgeRequest, EdgeRoutes } from '../routes.ts';
import { passMfa } from './authenticate-routes.ts';

const OWN = '/current-identity/mfa';
const CODE_HEADER = 'mfa-validation-code';
const code = z.object({ code: z.string().min(4).max(10) });
const recoveryCodes = z.array(z.string());

const mfaSchema = z
  .strictObject({
    id: z.string(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    tags: tagsSchema,
    identityId: z.string(),
    isVerified: z.boolean(),
    provisioningUrl: z.string().optional(),
    recoveryCodes: recoveryCodes.optional(),
    _links: linksSchema,
  })
  .meta({ id: 'CurrentMfa' });

/** The caller's authenticator app (specs/edge-api.md §3.3). */
export function addMfaRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const own = async (request: EdgeRequest): Promise<Mfa> => {
    const mfa = await findMfa(ctx, request.caller.identity.id);
    if (!mfa) throw notFound();
    return mfa;
  };
  const unverified = async (request: EdgeRequest): Promise<Mfa> => {
    const mfa = await own(request);
    // Once verified the secret is nobody's to see again.
    if (mfa.isVerified) throw notFound();
    return mfa;
  };
  const proveByHeader = async (request: EdgeRequest): Promise<Mfa> => {
    const mfa = await own(request);
    if (!mfa.isVerified) throw new EdgeError('MFA_NOT_ENROLLED');
    const given = request.context.req.header(CODE_HEADER) ?? '';
    await checkMfa(ctx, request.caller.identity.id, given);
    return mfa;
  };

  routes.add(
    {
      method: 'post',
      path: OWN,
      access: 'partial-session',
      summary: 'Begin to set up an authenticator app',
      response: createdResponse,
      errors: ['MFA_EXISTS'],
    },
    async (request) => {
      requireFactorFree(request, await findMfa(ctx, request.caller.identity.id));
      await startMfa(ctx, request.caller.identity);
      return created('current-identity', 'mfa');
    },
  );
  routes.add(
    {
      method: 'get',
      path: OWN,
      access: 'partial-session',
      summary: 'The state of the authenticator app; until verified, what sets it up',
      response: detailOf(mfaSchema),
      errors: ['NOT_FOUND'],
    },
    async (request) => {
      const mfa = await own(request);
      const { id, createdAt, updatedAt, tags, identityId, isVerified } = mfa;
      const secrets = isVerified ? undefined : mfaSecrets(ctx, request.caller.identity, mfa);
      return detail({
        id,
        createdAt,
        updatedAt,
        tags,
        identityId,
        isVerified,
        ...(secrets && {
          provisioningUrl: secrets.provisioningUrl,
          recoveryCodes: secrets.recoveryCodes,
        }),
        _links: links(
          'current-identity',
          'mfa',
          isVerified ? ['recovery-codes'] : ['verify', 'qr'],
        ),
      });
    },
  );
  routes.add(
    {
      method: 'get',
      path: `${OWN}/qr-code`,
      access: 'partial-session',
      summary: 'The provisioning URL as a QR code, until verified',
      response: contentOf('image/png', 'PNG image'),
      errors: ['NOT_FOUND'],
    },
    async (request) => {
      const { provisioningUrl } = mfaSecrets(
        ctx,
        request.caller.identity,
        await unverified(request),
      );
      const image = new Uint8Array(await qrCodePng(provisioningUrl));
      return new Response(image, { headers: { 'content-type': 'image/png' } });
    },
  );
  routes.add(
    {
      method: 'post',
      path: `${OWN}/verify`,
      access: 'partial-session',
      summary: 'Finish setting up with a code of the app',
      rate: 'login',
      body: code,
      response: doneResponse,
      errors: ['MFA_ENROLLMENT_NOT_STARTED', 'MFA_INVALID_TOKEN'],
    },
    async (request) => {
      await verifyEnrolment(ctx, request.caller.identity.id, request.body.code);
      await passMfa(ctx, request.caller.session.id);
      return done();
    },
  );
  routes.add(
    {
      method: 'get',
      path: `${OWN}/recovery-codes`,
      access: 'session',
      summary: `The unused recovery codes; header ${CODE_HEADER} proves the factor`,
      rate: 'login',
      response: detailOf(z.strictObject({ recoveryCodes })),
      errors: ['NOT_FOUND', 'MFA_NOT_ENROLLED', 'MFA_INVALID_TOKEN'],
    },
    async (request) => {
      await proveByHeader(request);
      const secrets = mfaSecrets(ctx, request.caller.identity, await own(request));
      return detail({ recoveryCodes: secrets.recoveryCodes });
    },
  );
  routes.add(
    {
      method: 'post',
      path: `${OWN}/recovery-codes`,
      access: 'session',
      summary: 'New recovery codes in place of the old ones',
      rate: 'login',
      body: code,
      response: doneResponse,
      errors: ['NOT_FOUND', 'MFA_NOT_ENROLLED', 'MFA_INVALID_TOKEN'],
    },
    async (request) => {
      const mfa = await own(request);
      if (!mfa.isVerified) throw new EdgeError('MFA_NOT_ENROLLED');
      await checkMfa(ctx, request.caller.identity.id, request.body.code);
      await renewRecoveryCodes(ctx, mfa);
      return done();
    },
  );
  routes.add(
    {
      method: 'delete',
      path: OWN,
      access: 'session',
      summary: `Remove the authenticator app; once verified, header ${CODE_HEADER} proves the factor`,
      rate: 'login',
      response: doneResponse,
      errors: ['NOT_FOUND', 'MFA_INVALID_TOKEN'],
    },
    async (request) => {
      const { isVerified, identityId } = await own(request);
      if (isVerified) await proveByHeader(request);
      await ctx.store.write((tx) => removeMfa(tx, identityId));
      return done();
    },
  );
}

/** A session that still owes a factor may set up a first one, never replace the one it owes. */
function requireFactorFree(request: EdgeRequest, mfa: Mfa | undefined): void {
  if (mfa?.isVerified) throw new EdgeError('MFA_EXISTS');
  const owed = request.caller.authQueries.some(
    (query) => query.typeId === 'EXT-JWT' || query.isTotpEnrolled,
  );
  if (owed) throw new EdgeError('UNAUTHORIZED');
}

/** `DELETE /identities/:id/mfa`: for a person who lost the app. */
export function addMfaRemoval(routes: EdgeRoutes, ctx: ControllerContext): void {
  routes.add(
    {
      method: 'delete',
      path: '/identities/:id/mfa',
      access: 'identity.update',
      summary: 'Remove the authenticator app of an identity',
      response: doneResponse,
      errors: ['NOT_FOUND'],
    },
    async (request) => {
      const id = request.param('id');
      const identity = await repositories.identities.get(ctx.store.db, id);
      if (!identity) throw notFound();
      if (isAdministrator(identity) && !isAdministrator(request.caller.identity))
        throw new EdgeError('UNAUTHORIZED');
      if (!(await ctx.store.write((tx) => removeMfa(tx, id)))) throw notFound();
      return done();
    },
  );
}
