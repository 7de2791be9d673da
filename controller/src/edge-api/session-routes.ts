import { z } from 'zod';
import type { Caller } from '../auth/api-sessions.ts';
import type { ControllerContext } from '../context.ts';
import type { ApiSession } from '../model/identities.ts';
import { endApiSessions } from '../sessions/end-sessions.ts';
import { renderRows } from './crud.ts';
import { apiSessions, sessionMembers } from './entities/api-sessions.ts';
import { identities } from './entities/identities.ts';
import { detail, done, links } from './envelope.ts';
import { detailOf, doneResponse, referenceSchema, timeSchema } from './responses.ts';
import type { EdgeRoutes } from './routes.ts';

/** The caller's own session and identity (specs/edge-api.md §3.4). */
export function addSessionRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const own = '/current-api-session';
  routes.add(
    {
      method: 'get',
      path: own,
      access: 'partial-session',
      summary: 'The session of this request',
      operationId: 'getCurrentApiSession',
      response: detailOf(currentSessionSchema),
    },
    (request) => {
      const token = request.context.req.header('zt-session') ?? '';
      return Promise.resolve(detail(currentSession(ctx, request.caller, token)));
    },
  );
  routes.add(
    {
      method: 'delete',
      path: own,
      access: 'partial-session',
      summary: 'Log out',
      operationId: 'currentApiSessionDelete',
      response: doneResponse,
    },
    async (request) => {
      await ctx.store.write((tx) => endApiSessions(tx, [request.caller.session], ctx.clock()));
      return done();
    },
  );
  routes.add(
    {
      method: 'get',
      path: `${own}/service-updates`,
      access: 'session',
      summary: 'When the services somebody sees may last have changed: polled, then listed again',
      operationId: 'listServiceUpdates',
      response: detailOf(z.strictObject({ lastChangeAt: timeSchema })),
    },
    () => {
      const { lastChangeAtMs } = ctx.live.serviceUpdates;
      return Promise.resolve(detail({ lastChangeAt: new Date(lastChangeAtMs).toISOString() }));
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/current-identity',
      access: 'session',
      summary: 'Who is logged in',
      operationId: 'getCurrentIdentity',
      response: detailOf(identities.schema),
    },
    async (request) => {
      const { identity } = request.caller;
      const [data] = await renderRows(identities, [identity], {
        ctx,
        db: ctx.store.db,
        nowMs: ctx.clock(),
        identity,
        request,
      });
      return detail(data);
    },
  );
}

/** What logging in and `GET /current-api-session` answer. */
export const currentSessionSchema = z
  .looseObject({
    id: z.string(),
    token: z.string(),
    identityId: z.string(),
    identity: referenceSchema,
    authQueries: z.array(z.looseObject({ typeId: z.enum(['MFA', 'EXT-JWT']) })),
    isMfaRequired: z.boolean(),
    isMfaComplete: z.boolean(),
    expiresAt: timeSchema,
    expirationSeconds: z.int(),
  })
  .meta({ id: 'CurrentApiSession' });

export function currentSession(
  { clock }: ControllerContext,
  { identity, session, authQueries }: Caller,
  token: string,
) {
  const { tokenHash: _, ...shown }: ApiSession = session;
  const leftMs = Date.parse(session.expiresAt) - clock();
  return {
    ...shown,
    ...sessionMembers(session, identity),
    authQueries,
    isMfaRequired: authQueries.some(({ typeId }) => typeId === 'MFA'),
    isMfaComplete: session.mfaPassedAt !== null,
    token,
    expirationSeconds: Math.max(0, Math.floor(leftMs / 1000)),
    _links: links(apiSessions.plural, session.id),
  };
}
