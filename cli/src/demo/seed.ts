import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { AdminClient } from '../client/admin-client.ts';
import type { DemoLayout } from './layout.ts';

const routerDetail = z.object({ isVerified: z.boolean(), enrollmentJwt: z.string().nullish() });
const identityDetail = z.object({
  enrollment: z.object({ ott: z.object({ jwt: z.string() }).nullish() }),
});

export interface SeededApp {
  name: string;
  url: string;
  /** Service id. */
  service: string;
}

/**
 * Brings the controller to what the demo shows: routers, a connector, a person, one service and
 * application per app, the policies that join them, and where `postern expose` makes host names. Running it again changes only what differs.
 * Leaves an enrollment token file for each part that has not enrolled yet.
 */
export async function seed(
  admin: AdminClient,
  layout: DemoLayout,
  username: string,
): Promise<SeededApp[]> {
  for (const { name } of layout.routers) await ensureRouter(admin, layout, name);
  await ensureConnector(admin, layout);
  const signerId = await admin.ensure('external-jwt-signers', {
    name: 'Demo sign-in',
    issuer: layout.issuer,
    audience: 'postern-login',
    clientId: 'postern-login',
    scopes: ['openid', 'profile', 'email'],
    jwksEndpoint: layout.jwksEndpoint,
    claimsProperty: '/sub',
    useExternalId: true,
    targetToken: 'ID',
    enabled: true,
  });
  await admin.ensure('identities', {
    name: username,
    type: 'Default',
    isAdmin: false,
    externalId: username,
    roleAttributes: ['staff'],
  });
  const apps: SeededApp[] = [];
  for (const { name } of layout.hosted) {
    const service = await admin.ensure('services', {
      name,
      encryptionRequired: true,
      roleAttributes: ['demo'],
    });
    const origin = layout.appOrigin(name);
    await admin.ensure('applications', {
      name,
      origin,
      serviceId: service,
      loginMethods: ['ext-jwt'],
      signerIds: [signerId],
      sessionHours: 12,
    });
    apps.push({ name, url: `${origin}/`, service });
  }
  await admin.ensure('configs', {
    name: 'sharing',
    configTypeId: 'postern.sharing.v1',
    data: { origin: layout.appOrigin('*') },
  });
  await ensurePolicies(admin);
  return apps;
}

async function ensurePolicies(admin: AdminClient): Promise<void> {
  const anyOf = { semantic: 'AnyOf' };
  const all = ['#all'];
  await admin.ensure('service-policies', {
    name: 'staff may open the demo apps',
    type: 'Dial',
    ...anyOf,
    identityRoles: ['#staff'],
    serviceRoles: ['#demo'],
  });
  await admin.ensure('service-policies', {
    name: 'connectors may host the demo apps',
    type: 'Bind',
    ...anyOf,
    identityRoles: ['#connectors'],
    serviceRoles: ['#demo'],
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

async function ensureRouter(admin: AdminClient, layout: DemoLayout, name: string): Promise<void> {
  const id =
    (await admin.find('edge-routers', name))?.id ??
    (await admin.create('edge-routers', { name, isTunnelerEnabled: false }));
  const detail = routerDetail.parse(await admin.get('edge-routers', id));
  if (!detail.isVerified && detail.enrollmentJwt) {
    await writeToken(layout.enrollmentFile(name), detail.enrollmentJwt);
  }
}

async function ensureConnector(admin: AdminClient, layout: DemoLayout): Promise<void> {
  const id =
    (await admin.find('identities', 'connector'))?.id ??
    (await admin.create('identities', {
      name: 'connector',
      type: 'Default',
      isAdmin: false,
      roleAttributes: ['connectors'],
      enrollment: { ott: true },
    }));
  const { enrollment } = identityDetail.parse(await admin.get('identities', id));
  if (enrollment.ott) await writeToken(layout.enrollmentFile('connector'), enrollment.ott.jwt);
}

async function writeToken(path: string, token: string): Promise<void> {
  await writeFile(path, token, { mode: 0o600 });
}
