/** What every first network needs: enrollment tokens of its parts, and policies that join them. */
import { z } from 'zod';
import type { AdminClient } from './admin-client.ts';

const routerDetail = z.object({ isVerified: z.boolean(), enrollmentJwt: z.string().nullish() });
const identityDetail = z.object({
  enrollment: z.object({ ott: z.object({ jwt: z.string() }).nullish() }),
});

/** Makes sure of a router; its enrollment token, unless it has enrolled. */
export async function ensureRouter(admin: AdminClient, name: string): Promise<string | undefined> {
  const id =
    (await admin.find('edge-routers', name))?.id ??
    (await admin.create('edge-routers', { name, isTunnelerEnabled: false }));
  const detail = routerDetail.parse(await admin.get('edge-routers', id));
  return detail.isVerified ? undefined : (detail.enrollmentJwt ?? undefined);
}

/** Makes sure of a connector with the role `connectors`; its token, unless it has enrolled. */
export async function ensureConnector(
  admin: AdminClient,
  name: string,
): Promise<string | undefined> {
  const id =
    (await admin.find('identities', name))?.id ??
    (await admin.create('identities', {
      name,
      type: 'Default',
      isAdmin: false,
      roleAttributes: ['connectors'],
      enrollment: { ott: true },
    }));
  const { enrollment } = identityDetail.parse(await admin.get('identities', id));
  return enrollment.ott?.jwt;
}

/**
 * Lets `#staff` dial and `#connectors` host the services of a role, over every router.
 * @param role without `#`
 */
export async function ensurePolicies(admin: AdminClient, role: string): Promise<void> {
  const anyOf = { semantic: 'AnyOf' };
  const all = ['#all'];
  await admin.ensure('service-policies', {
    name: `staff may open the ${role} apps`,
    type: 'Dial',
    ...anyOf,
    identityRoles: ['#staff'],
    serviceRoles: [`#${role}`],
  });
  await admin.ensure('service-policies', {
    name: `connectors may host the ${role} apps`,
    type: 'Bind',
    ...anyOf,
    identityRoles: ['#connectors'],
    serviceRoles: [`#${role}`],
  });
  await admin.ensure('edge-router-policies', {
    name: 'everybody may use every router',
    ...anyOf,
    identityRoles: all,
    edgeRouterRoles: all,
  });
  await admin.ensure('service-edge-router-policies', {
    name: 'every service may use every router',
    ...anyOf,
    serviceRoles: all,
    edgeRouterRoles: all,
  });
}
