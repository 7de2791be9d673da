import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { disableIdentity } from '../../auth/password-login.ts';
import type { ControllerContext } from '../../context.ts';
import { repositories } from '../../store/repositories.ts';
import type { WriteTx } from '../../store/store.ts';
import { detail, done } from '../envelope.ts';
import { notFound } from '../errors.ts';
import { requireMayTouch } from '../others-rights.ts';
import { detailOf, doneResponse, timeSchema } from '../responses.ts';
import type { EdgeRequest, EdgeRoutes } from '../routes.ts';

const disableBody = z.object({ durationMinutes: z.int().max(525_600).default(0) });
const traceBody = z.object({
  enabled: z.boolean(),
  duration: z.string().max(32).default(''),
  traceId: z.string().max(64).default(''),
  channels: z.array(z.string().max(64)).max(100).default([]),
});

/** What is done to an identity beside changing it (specs/edge-api.md §2.1). */
export function addIdentityActions(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, clock, events } = ctx;
  routes.add(
    {
      method: 'post',
      path: '/identities/:id/disable',
      access: 'identity.update',
      summary: 'Disable an identity, for a while or for ever, and end its sessions',
      operationId: 'disableIdentity',
      body: disableBody,
      response: doneResponse,
    },
    async (request) => {
      const { durationMinutes } = request.body;
      const until = durationMinutes > 0 ? clock() + durationMinutes * 60_000 : undefined;
      const id = await store.write(async (tx) => {
        const identity = await touchable(tx, request);
        await disableIdentity(tx, identity.id, clock(), until);
        return identity.id;
      });
      events.emit('identityEnded', { identityId: id, reason: 'disabled' });
      return done();
    },
  );
  routes.add(
    {
      method: 'post',
      path: '/identities/:id/enable',
      access: 'identity.update',
      summary: 'Enable an identity',
      operationId: 'enableIdentity',
      response: doneResponse,
    },
    async (request) => {
      await store.write(async (tx) => {
        const { id } = await touchable(tx, request);
        await repositories.identities.update(tx, id, { disabledAt: null, disabledUntil: null });
      });
      return done();
    },
  );
  routes.add(
    {
      method: 'put',
      path: '/identities/:id/trace',
      access: 'identity.update',
      summary: 'Trace the traffic of an identity: never on',
      operationId: 'updateIdentityTracing',
      note: 'Routers carry ciphertext and keep no trace of messages, so the answer always says `enabled: false`.',
      body: traceBody,
      response: detailOf(
        z.strictObject({ enabled: z.literal(false), traceId: z.string(), until: timeSchema }),
      ),
    },
    async (request) => {
      if (!(await repositories.identities.get(store.db, request.param('id')))) throw notFound();
      const until = new Date(clock()).toISOString();
      return detail({ enabled: false, traceId: request.body.traceId || randomUUID(), until });
    },
  );
}

/** The identity, if the caller may touch it. @throws EdgeError NOT_FOUND, UNAUTHORIZED */
async function touchable(tx: WriteTx, request: EdgeRequest) {
  const identity = await repositories.identities.get(tx.db, request.param('id'));
  if (!identity) throw notFound();
  requireMayTouch(request.caller.identity, identity);
  return identity;
}
