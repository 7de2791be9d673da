/** Accepting and declining what people asked for: `POST /access-requests/{id}/{accept,decline}`. */
import { MAX_ACCESS_MESSAGE } from '@postern/shared/schemas';
import { z } from 'zod';
import { proposeAccess, type AccessProposal } from '../../advice/propose-access.ts';
import type { ControllerContext } from '../../context.ts';
import type { AccessRequest } from '../../model/access-requests.ts';
import { newEntity } from '../../model/defaults.ts';
import { repositories } from '../../store/repositories.ts';
import type { WriteTx } from '../../store/store.ts';
import { detail, done } from '../envelope.ts';
import { EdgeError, notFound } from '../errors.ts';
import { mayAccess } from '../permissions.ts';
import { detailOf, doneResponse } from '../responses.ts';
import type { EdgeRequest, EdgeRoutes } from '../routes.ts';

const answer = z.string().max(MAX_ACCESS_MESSAGE).default('');
const acceptBody = z.object({
  /** `digest` of the proposal that was shown. */
  digest: z.string().min(1).max(64),
  answer,
});
const declineBody = z.object({ answer });

export function addAccessDecisions(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, clock, events, policy } = ctx;
  const decide = async (
    tx: WriteTx,
    request: EdgeRequest,
    decision: Pick<AccessRequest, 'state' | 'answer' | 'policyId'>,
  ): Promise<void> => {
    const now = new Date(clock()).toISOString();
    await repositories.accessRequests.update(tx, request.param('id'), {
      ...decision,
      decidedAt: now,
      updatedAt: now,
      decidedById: request.caller.identity.id,
    });
  };
  const announce = (...plurals: string[]): void => {
    for (const plural of plurals) events.emit('entityWritten', { plural });
  };

  routes.add(
    {
      method: 'post',
      path: '/access-requests/:id/accept',
      access: 'service-policy.update',
      summary:
        'Make the proposed policy if it is still as shown; a new one needs `service-policy.create` too',
      operationId: 'acceptAccessRequest',
      body: acceptBody,
      response: detailOf(z.strictObject({ policyId: z.string() })),
      errors: ['NOT_FOUND', 'PRECONDITION_FAILED'],
    },
    async (request) => {
      const policyId = await store.write(async (tx) => {
        const { identityId, applicationId } = await openRequest(tx, request);
        const application = await repositories.applications.get(tx.db, applicationId);
        const service =
          application && (await repositories.services.get(tx.db, application.serviceId));
        if (!service) throw notFound();
        const policies = await repositories.servicePolicies.find(tx.db);
        const proposal = proposeAccess(policy, { identityId, service, policies });
        if (proposal.digest !== request.body.digest) throw new EdgeError('PRECONDITION_FAILED');
        const madeId = await carryOut(tx, request, proposal, clock());
        await decide(tx, request, {
          state: 'accepted',
          answer: request.body.answer,
          policyId: madeId,
        });
        return madeId;
      });
      announce('access-requests', 'service-policies');
      return detail({ policyId });
    },
  );
  routes.add(
    {
      method: 'post',
      path: '/access-requests/:id/decline',
      access: 'service-policy.update',
      summary: 'Decline what somebody asked for',
      operationId: 'declineAccessRequest',
      body: declineBody,
      response: doneResponse,
      errors: ['NOT_FOUND', 'PRECONDITION_FAILED'],
    },
    async (request) => {
      await store.write(async (tx) => {
        await openRequest(tx, request);
        await decide(tx, request, {
          state: 'declined',
          answer: request.body.answer,
          policyId: null,
        });
      });
      announce('access-requests');
      return done();
    },
  );
}

/** @throws EdgeError NOT_FOUND; PRECONDITION_FAILED when it was decided already */
async function openRequest(tx: WriteTx, request: EdgeRequest): Promise<AccessRequest> {
  const row = await repositories.accessRequests.get(tx.db, request.param('id'));
  if (!row) throw notFound();
  if (row.state !== 'open') throw new EdgeError('PRECONDITION_FAILED');
  return row;
}

/** @throws EdgeError UNAUTHORIZED for a new policy where the caller may not make one */
async function carryOut(
  tx: WriteTx,
  request: EdgeRequest,
  { policyId, policyName, identityRoles, serviceRoles, postureCheckRoles }: AccessProposal,
  nowMs: number,
): Promise<string> {
  if (policyId !== null) {
    await repositories.servicePolicies.update(tx, policyId, {
      identityRoles: [...identityRoles],
      updatedAt: new Date(nowMs).toISOString(),
    });
    return policyId;
  }
  if (!mayAccess(request.caller.identity, 'service-policy.create'))
    throw new EdgeError('UNAUTHORIZED');
  const made = await repositories.servicePolicies.insert(tx, {
    ...newEntity(nowMs),
    tags: {},
    name: policyName,
    type: 'Dial',
    semantic: 'AnyOf',
    identityRoles: [...identityRoles],
    serviceRoles: [...serviceRoles],
    postureCheckRoles: [...postureCheckRoles],
  });
  return made.id;
}
