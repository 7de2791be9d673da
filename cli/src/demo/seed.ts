import { writeFile } from 'node:fs/promises';
import type { AdminClient } from '../client/admin-client.ts';
import { ensureConnector, ensurePolicies, ensureRouter } from '../client/seed-parts.ts';
import type { DemoLayout } from './layout.ts';

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
  for (const { name } of layout.routers)
    await writeToken(layout.enrollmentFile(name), await ensureRouter(admin, name));
  await writeToken(layout.enrollmentFile('connector'), await ensureConnector(admin, 'connector'));
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
  await ensurePolicies(admin, 'demo');
  return apps;
}

async function writeToken(path: string, token: string | undefined): Promise<void> {
  if (token !== undefined) await writeFile(path, token, { mode: 0o600 });
}
