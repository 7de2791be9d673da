import { z } from 'zod';
import { proposeAccess } from '../../advice/propose-access.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition } from '../entity-definition.ts';
import { reference } from '../envelope.ts';
import { referenceSchema } from '../responses.ts';
import { applications } from './applications.ts';
import { identities } from './identities.ts';
import { services } from './services.ts';

const proposalSchema = z
  .strictObject({
    policyId: z.string().nullable(),
    policyName: z.string(),
    identityRoles: z.array(z.string()),
    serviceRoles: z.array(z.string()),
    postureCheckRoles: z.array(z.string()),
    routersInCommon: z.int(),
    digest: z.string(),
  })
  .meta({ id: 'AccessProposal' });

/** What people asked for at the login origin; decided by `/access-requests/{id}/accept` and `/decline`. */
export const accessRequests: EntityDefinition = defineEntity({
  plural: 'access-requests',
  permission: 'service-policy',
  repository: repositories.accessRequests,
  actions: ['read', 'delete'],
  symbols: {
    aliases: { identity: 'identityId', application: 'applicationId' },
    references: {
      identity: { column: 'identityId', target: () => identities.symbols },
      application: { column: 'applicationId', target: () => applications.symbols },
    },
    constants: { isSystem: false },
  },
  shown: {
    state: z.enum(['open', 'accepted', 'declined']),
    identity: referenceSchema,
    application: referenceSchema,
    service: referenceSchema,
    /** Of an open request alone. */
    proposal: proposalSchema.nullable(),
  },
  async render(rows, { db, ctx }) {
    const column = (name: 'identityId' | 'applicationId') => rows.map((row) => row[name]);
    const people = await repositories.identities.findIn(db, 'id', column('identityId'));
    const apps = await repositories.applications.findIn(db, 'id', column('applicationId'));
    const serviceIds = apps.map(({ serviceId }) => serviceId);
    const targets = await repositories.services.findIn(db, 'id', serviceIds);
    const policies = rows.some(({ state }) => state === 'open')
      ? await repositories.servicePolicies.find(db)
      : [];
    return rows.map(({ identityId, applicationId, state }) => {
      const application = apps.find(({ id }) => id === applicationId);
      const service = targets.find(({ id }) => id === application?.serviceId);
      const person = people.find(({ id }) => id === identityId);
      return {
        identity: reference(identities.plural, identityId, person?.name ?? ''),
        application: reference(applications.plural, applicationId, application?.name ?? ''),
        service: reference(services.plural, service?.id ?? '', service?.name ?? ''),
        proposal:
          state === 'open' && service
            ? proposeAccess(ctx.policy, { identityId, service, policies })
            : null,
      };
    });
  },
});
