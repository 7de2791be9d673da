import { z } from 'zod';
import type { ServiceSession } from '../../model/sessions.ts';
import { endServiceSessions } from '../../sessions/end-sessions.ts';
import { repositories } from '../../store/repositories.ts';
import { edgeRouterInfoSchema } from '../client/edge-router-info.ts';
import { routersFor } from '../client/own-services.ts';
import { defineEntity, type EntityDefinition, type Env } from '../crud.ts';
import { reference } from '../envelope.ts';
import { referenceSchema } from '../responses.ts';
import { apiSessions } from './api-sessions.ts';
import { identities } from './identities.ts';
import { services } from './services.ts';

export const sessionMembers = {
  type: z.enum(['Dial', 'Bind']),
  token: z.string(),
  apiSession: referenceSchema,
  service: referenceSchema,
  edgeRouters: z.array(edgeRouterInfoSchema),
  /** Those that grant the session. */
  servicePolicies: z.array(referenceSchema),
};

/** Service sessions. Their tokens are shown to their owners alone: here `token` is empty. */
export const sessions: EntityDefinition = defineEntity({
  plural: 'sessions',
  permission: 'ops',
  repository: repositories.sessions,
  actions: ['read', 'delete'],
  links: ['route-path'],
  shown: sessionMembers,
  symbols: {
    aliases: { apiSession: 'apiSessionId', service: 'serviceId', identity: 'identityId' },
    references: {
      apiSession: { column: 'apiSessionId', target: () => apiSessions.symbols },
      service: { column: 'serviceId', target: () => services.symbols },
      identity: { column: 'identityId', target: () => identities.symbols },
    },
    constants: { isSystem: false },
  },
  remove: (row, { tx, nowMs }) => endServiceSessions(tx, [row], nowMs),
  render: (rows, env) => showSessions(rows, env),
});

/** What sessions have beyond their columns. */
export async function showSessions(
  rows: readonly ServiceSession[],
  { ctx, db }: Pick<Env, 'ctx' | 'db'>,
): Promise<Omit<z.input<z.ZodObject<typeof sessionMembers>>, 'type'>[]> {
  const used = await repositories.services.findIn(
    db,
    'id',
    rows.map((row) => row.serviceId),
  );
  const names = new Map(used.map(({ id, name }) => [id, name]));
  const granting = rows.map(({ identityId, serviceId, type }) =>
    ctx.policy.policiesGranting(identityId, serviceId).filter((policy) => policy.type === type),
  );
  const policies = await repositories.servicePolicies.findIn(db, 'id', [
    ...new Set(granting.flat().map(({ id }) => id)),
  ]);
  const policyNames = new Map(policies.map(({ id, name }) => [id, name]));
  return Promise.all(
    rows.map(async ({ apiSessionId, identityId, serviceId }, at) => ({
      token: '',
      apiSession: reference(apiSessions.plural, apiSessionId, ''),
      service: reference(services.plural, serviceId, names.get(serviceId) ?? ''),
      edgeRouters: await routersFor(ctx, identityId, serviceId),
      servicePolicies: (granting[at] ?? []).map(({ id }) =>
        reference('service-policies', id, policyNames.get(id) ?? ''),
      ),
    })),
  );
}
