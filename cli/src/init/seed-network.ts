/** Fills a new controller's data with the network: parts, first person, services, policies. */
import { createController, controllerConfigSchema } from '@postern/controller';
import { AppError } from '@postern/shared/errors';
import { silentLogger } from '@postern/shared/log';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AdminClient } from '../client/admin-client.ts';
import { ensureConnector, ensurePolicies, ensureRouter } from '../client/seed-parts.ts';
import type { ConfigObject } from '../config/merge.ts';
import type { InitLayout } from './layout.ts';
import type { InitOptions } from './options.ts';
import type { Provider } from './discover.ts';

/** Role of the services made here. */
const SERVICE_ROLE = 'web';

export interface Seeded {
  /** Enrollment token by folder. */
  tokens: Map<string, string>;
}

/**
 * Runs the controller on free loopback ports, with the names and addresses it will have, for as long
 * as this takes.
 * @param dataDir Absolute; becomes the controller's `dataDir`.
 * @param password Of the first person; `undefined` with an identity provider.
 */
export async function seedNetwork(
  options: InitOptions,
  layout: InitLayout,
  {
    dataDir,
    provider,
    password,
  }: {
    dataDir: string;
    provider: Provider | undefined;
    password: string | undefined;
  },
): Promise<Seeded> {
  const {
    admin: adminConfig,
    public: publicConfig,
    control,
    serverNames,
    loginOrigin,
  } = partConfig(layout, 'controller');
  const here = { host: '127.0.0.1', port: 0 };
  const controller = await createController(
    controllerConfigSchema.parse({
      dataDir,
      admin: { ...(adminConfig as object), ...here },
      public: { ...(publicConfig as object), ...here, tls: 'none' },
      control: { ...(control as object), ...here },
      serverNames,
      loginOrigin,
    }),
    { logger: silentLogger },
  );
  try {
    const admin = await AdminClient.signIn(
      `https://127.0.0.1:${controller.admin.port}/edge/management/v1`,
      join(dataDir, 'pki', 'root.crt'),
      'admin',
      (await readFile(join(dataDir, 'admin-password'), 'utf8')).trim(),
    );
    try {
      return await seed(admin, options, layout, provider, password);
    } finally {
      await admin.close();
    }
  } finally {
    await controller.close();
  }
}

async function seed(
  admin: AdminClient,
  options: InitOptions,
  layout: InitLayout,
  provider: Provider | undefined,
  password: string | undefined,
): Promise<Seeded> {
  const tokens = new Map<string, string>();
  for (const { folder, part } of layout.parts) {
    const token =
      part === 'router'
        ? await ensureRouter(admin, folder)
        : part === 'connector'
          ? await ensureConnector(admin, folder)
          : undefined;
    if (token !== undefined) tokens.set(folder, token);
  }
  const { oidc } = options;
  const person = await admin.create('identities', {
    name: options.user,
    type: 'Default',
    isAdmin: false,
    roleAttributes: ['staff'],
    ...(oidc === undefined ? {} : { externalId: options.user }),
  });
  if (password !== undefined) {
    const login = { method: 'updb', identityId: person, username: options.user, password };
    await admin.create('authenticators', login);
  }
  const signerIds =
    oidc === undefined || provider === undefined
      ? []
      : [
          await admin.create('external-jwt-signers', {
            name: new URL(oidc.issuer).hostname,
            issuer: provider.issuer,
            jwksEndpoint: provider.jwksUri,
            audience: oidc.clientId,
            clientId: oidc.clientId,
            scopes: ['openid', 'profile', 'email'],
            claimsProperty: oidc.claim.startsWith('/') ? oidc.claim : `/${oidc.claim}`,
            useExternalId: true,
            targetToken: 'ID',
            enabled: true,
          }),
        ];
  for (const { name, origin } of layout.apps) {
    const serviceId = await admin.create('services', {
      name,
      encryptionRequired: true,
      roleAttributes: [SERVICE_ROLE],
    });
    await admin.create('applications', {
      name,
      origin,
      serviceId,
      loginMethods: [oidc === undefined ? 'password' : 'ext-jwt'],
      signerIds,
      sessionHours: 12,
    });
  }
  await ensurePolicies(admin, SERVICE_ROLE);
  return { tokens };
}

function partConfig({ parts }: InitLayout, name: string): ConfigObject {
  const found = parts.find(({ folder }) => folder === name);
  if (!found) throw new AppError('ERR_CLI_INIT', `the layout has no ${name}`);
  return found.config;
}
