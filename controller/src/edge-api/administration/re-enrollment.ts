import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import { issueEnrollment, refreshEnrollment } from '../../enroll/issue.ts';
import { repositories } from '../../store/repositories.ts';
import { futureTime } from '../entities/enrollments.ts';
import { done } from '../envelope.ts';
import { fieldError, notFound } from '../errors.ts';
import { requireMayEnroll } from '../others-rights.ts';
import { doneResponse } from '../responses.ts';
import type { EdgeRoutes } from '../routes.ts';

/** New tokens for enrollments, and for routers that are to enrol once more. */
export function addReEnrollment(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, clock, events } = ctx;
  routes.add(
    {
      method: 'post',
      path: '/enrollments/:id/refresh',
      access: 'enrollment.update',
      summary: 'Issue a new token and lifetime; the old token is void',
      operationId: 'refreshEnrollment',
      body: z.object({ expiresAt: futureTime }),
      response: doneResponse,
    },
    async (request) => {
      const { expiresAt } = request.body;
      if (Date.parse(expiresAt) <= clock())
        throw fieldError('expiresAt', 'must be in the future', expiresAt);
      await store.write(async (tx) => {
        const row = await repositories.enrollments.get(tx.db, request.param('id'));
        if (!row) throw notFound();
        const owner =
          row.identityId === null
            ? undefined
            : await repositories.identities.get(tx.db, row.identityId);
        if (owner) requireMayEnroll(request.caller.identity, owner);
        await refreshEnrollment(tx, ctx, row.id, expiresAt);
      });
      return done();
    },
  );
  routes.add(
    {
      method: 'post',
      path: '/edge-routers/:id/re-enroll',
      access: 'router.update',
      summary: 'Void a router’s certificate and make it enrol again',
      operationId: 'reEnrollEdgeRouter',
      response: doneResponse,
    },
    async (request) => {
      const id = request.param('id');
      await store.write(async (tx) => {
        const router = await repositories.edgeRouters.get(tx.db, id);
        if (!router || router.isTransit) throw notFound();
        await repositories.edgeRouters.update(tx, id, {
          isVerified: false,
          isOnline: false,
          fingerprint: null,
          certPem: null,
          unverifiedCertPem: null,
          unverifiedFingerprint: null,
          links: [],
        });
        for (const old of await repositories.enrollments.find(tx.db, { edgeRouterId: id }))
          await repositories.enrollments.remove(tx, old.id);
        await issueEnrollment(tx, ctx, { method: 'erott', edgeRouterId: id });
      });
      events.emit('routerReset', { routerId: id });
      return done();
    },
  );
}
