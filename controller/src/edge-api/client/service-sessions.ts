/** Service sessions of the caller: leave to dial or bind one service (specs/edge-api.md §3.5). */
import { ELSEWHERE, type From } from '@postern/shared/policy';
import { z } from 'zod';
import type { Caller } from '../../auth/api-sessions.ts';
import type { ControllerContext } from '../../context.ts';
import type { TokenServices } from '../../grants/token-services.ts';
import { newEntity } from '../../model/defaults.ts';
import type { ServiceSession } from '../../model/sessions.ts';
import { endServiceSessions } from '../../sessions/end-sessions.ts';
import { repositories } from '../../store/repositories.ts';
import { id } from '../entities/fields.ts';
import { sessions, showSessions } from '../entities/sessions.ts';
import { detail, done, links } from '../envelope.ts';
import { EdgeError, fieldError, notFound } from '../errors.ts';
import { listParameters } from '../query.ts';
import { detailOf, doneResponse, listOf } from '../responses.ts';
import type { EdgeRequest, EdgeRoutes } from '../routes.ts';
import { answerOwnList } from './own-list.ts';
import { postureFailure } from './posture-failure.ts';

const body = z.object({
  serviceId: id,
  type: z.enum(['Dial', 'Bind']).default('Dial'),
});

export function addServiceSessionRoutes(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  { grants }: Pick<TokenServices, 'grants'>,
): void {
  const { store, clock } = ctx;
  const one = '/sessions/:id';
  const own = async (request: EdgeRequest): Promise<ServiceSession> => {
    const row = await repositories.sessions.get(store.db, request.param('id'));
    if (row?.apiSessionId !== request.caller.session.id) throw notFound();
    return row;
  };
  /** To its owner a session is shown with its token, signed anew each time: none is kept. */
  const show = async (rows: readonly ServiceSession[]) => {
    const shown = await showSessions(rows, { ctx, db: store.db });
    return Promise.all(
      rows.map(async (row, at) => ({
        ...row,
        ...shown[at],
        token: (await grants.serviceToken(row)).token,
        _links: links(sessions.plural, row.id),
      })),
    );
  };

  routes.add(
    {
      method: 'post',
      path: '/sessions',
      access: 'session',
      summary: 'Ask to dial or bind a service; asking again returns the same session',
      operationId: 'createSession',
      body,
      response: { ...detailOf(sessions.schema, 201), description: 'The session, old or new' },
      errors: ['NOT_FOUND', 'NO_EDGE_ROUTERS_AVAILABLE', 'INVALID_POSTURE'],
    },
    async (request) => {
      const { serviceId, type } = request.body;
      await requireAccess(ctx, request.caller, serviceId, type);
      const row = await findOrCreate(ctx, request.caller, serviceId, type);
      const [data] = await show([row]);
      return { ...detail(data), status: 201 };
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/sessions',
      access: 'session',
      summary: 'Service sessions of this API session',
      operationId: 'listSessions',
      query: listParameters,
      response: listOf(sessions.schema),
    },
    async (request) => {
      const apiSessionId = request.caller.session.id;
      const ids = (await repositories.sessions.find(store.db, { apiSessionId })).map(
        (row) => row.id,
      );
      return answerOwnList({ ctx, request }, sessions, ids, (rows) =>
        show(rows as unknown as ServiceSession[]),
      );
    },
  );
  routes.add(
    {
      method: 'get',
      path: one,
      access: 'session',
      summary: 'One of this API session’s service sessions, with a fresh token',
      operationId: 'detailSession',
      response: detailOf(sessions.schema),
    },
    async (request) => {
      const [data] = await show([await own(request)]);
      return detail(data);
    },
  );
  routes.add(
    {
      method: 'delete',
      path: one,
      access: 'session',
      summary: 'Give a service session back',
      operationId: 'deleteSession',
      response: doneResponse,
    },
    async (request) => {
      const row = await own(request);
      await store.write((tx) => endServiceSessions(tx, [row], clock()));
      return done();
    },
  );
}

/**
 * @throws EdgeError NOT_FOUND without any access to the service, COULD_NOT_VALIDATE with the other kind
 * only, INVALID_POSTURE, NO_EDGE_ROUTERS_AVAILABLE when no router serves both
 */
async function requireAccess(
  ctx: ControllerContext,
  caller: Caller,
  serviceId: string,
  type: ServiceSession['type'],
): Promise<void> {
  const { policy, clock } = ctx;
  const { identity, session } = caller;
  const may = (kind: ServiceSession['type'], from: From): boolean =>
    kind === 'Dial'
      ? policy.mayDial(identity.id, serviceId, from)
      : policy.mayBind(identity.id, serviceId, from);
  const vantage = { sessionId: session.id, address: ELSEWHERE, nowMs: clock() };
  if (may(type, vantage)) return;
  if (may(type, 'posture-ignored')) throw await postureFailure(ctx, caller, serviceId, type);
  if (may(type === 'Dial' ? 'Bind' : 'Dial', 'posture-ignored'))
    throw fieldError(
      'ServiceId',
      `the policies do not let the identity ${type} this service`,
      serviceId,
    );
  const isGranted = policy
    .policiesGranting(identity.id, serviceId)
    .some((granting) => granting.type === type);
  throw isGranted ? new EdgeError('NO_EDGE_ROUTERS_AVAILABLE') : notFound();
}

/** One session for each API session, service and type, also when asked for twice at once. */
function findOrCreate(
  { store, clock }: ControllerContext,
  { identity, session }: Caller,
  serviceId: string,
  type: ServiceSession['type'],
): Promise<ServiceSession> {
  const key = { apiSessionId: session.id, serviceId, type };
  return store.write(async (tx) => {
    const [present] = await repositories.sessions.find(tx.db, key);
    if (present) return present;
    // The API session or the service may have ended since the request began.
    if (!(await repositories.apiSessions.get(tx.db, session.id)))
      throw new EdgeError('UNAUTHORIZED');
    if (!(await repositories.services.get(tx.db, serviceId))) throw notFound();
    return repositories.sessions.insert(tx, {
      ...newEntity(clock()),
      tags: {},
      ...key,
      identityId: identity.id,
    });
  });
}
