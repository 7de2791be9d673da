/** The members of a service's detail that depend on who asks, and for which config types. */
import { z } from 'zod';
import { configsOfServices } from '../../configs/configs-of-services.ts';
import type { Identity } from '../../model/identities.ts';
import type { Service } from '../../model/services.ts';
import { repositories } from '../../store/repositories.ts';
import type { Env } from '../crud.ts';
import { findState, statesOf } from '../../posture/posture-states.ts';
import { EdgeError, notFound } from '../errors.ts';
import { isAdministrator } from '../permissions.ts';
import { postureQueries, postureQuerySetSchema } from '../posture/posture-queries.ts';
import type { QueryParameters } from '../route-spec.ts';

export const serviceMembers = {
  permissions: z.array(z.enum(['Dial', 'Bind', 'Invalid'])),
  config: z.record(z.string(), z.record(z.string(), z.unknown())),
  postureQueries: z.array(postureQuerySetSchema),
};

export const serviceParameters: QueryParameters = {
  configTypes: {
    schema: z.array(z.string().max(8192)).max(100),
    description: 'Names or ids of config types whose data to show in `config`, or `all`',
    repeatable: true,
  },
  asIdentity: {
    schema: z.string().max(256),
    description: 'Id or name of the identity to answer for; administrators only',
  },
};

export async function renderServices(rows: readonly Service[], env: Env) {
  const { ctx } = env;
  const identity = await perspective(env);
  const configOf = await configsFor(rows, identity.id, env);
  const queriesOf = await postureQueriesFor(env, identity.id);
  return rows.map((row) => {
    const permissions = [
      ...(ctx.policy.mayDial(identity.id, row.id, 'posture-ignored') ? ['Dial'] : []),
      ...(ctx.policy.mayBind(identity.id, row.id, 'posture-ignored') ? ['Bind'] : []),
    ];
    return {
      permissions: permissions.length === 0 ? ['Invalid'] : permissions,
      config: configOf(row),
      postureQueries: queriesOf(row.id),
    };
  });
}

/** By the caller's own session; for somebody else's eyes, by the session that reported last. */
async function postureQueriesFor({ ctx, db, request, identity }: Env, identityId: string) {
  const checks = new Map((await repositories.postureChecks.find(db)).map((row) => [row.id, row]));
  const state =
    identity.id === identityId
      ? await findState(db, request.caller.session.id)
      : (await statesOf(db, identityId)).sort((a, b) => b.updatedAtMs - a.updatedAtMs)[0];
  const candidate = { identityId, reported: state?.reported ?? {} };
  return (serviceId: string) => postureQueries(ctx, checks, candidate, serviceId);
}

/** Whom the answer is for. @throws EdgeError UNAUTHORIZED, NOT_FOUND */
async function perspective({ db, identity, request }: Env): Promise<Pick<Identity, 'id'>> {
  const wanted = request.query('asIdentity');
  if (wanted === undefined || wanted === '') return identity;
  if (!isAdministrator(identity)) throw new EdgeError('UNAUTHORIZED');
  const found =
    (await repositories.identities.get(db, wanted)) ??
    (await repositories.identities.find(db, { name: wanted }))[0];
  if (!found) throw notFound();
  return found;
}

/** The data of the wanted config types by type name: the identity's override before the service's own. */
async function configsFor(
  rows: readonly Service[],
  identityId: string,
  { db, request }: Env,
): Promise<(row: Service) => Record<string, Record<string, unknown>>> {
  const wanted = new Set(request.queries('configTypes').flatMap((value) => value.split(',')));
  if (wanted.size === 0) return () => ({});
  return configsOfServices(
    db,
    rows,
    identityId,
    ({ id, name }) => wanted.has('all') || wanted.has(id) || wanted.has(name),
  );
}
