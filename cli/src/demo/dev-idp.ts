/**
 * An OpenID Connect provider for the demo and for tests: real protocol, a list of people for a user
 * database, loopback only. Never a part of a production set-up.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import { z } from 'zod';
import { loginPage } from './dev-idp-page.ts';

const loopback = '127.0.0.1';
/** A login form may not be longer than this. */
const maxFormBytes = 4096;

export const devIdpConfigSchema = z.strictObject({
  /** Port on 127.0.0.1; 0 takes a free one. */
  port: z.int().min(0).max(65_535).default(0),
  /** As browsers reach it, for example `http://idp.localhost:8081`. Default: the bound address. */
  issuer: z.url().optional(),
  clientId: z.string().min(1).default('postern-login'),
  /** Origin of the one client's pages: may call the token endpoint, gets codes at `/callback`. */
  clientOrigin: z.url(),
  users: z
    .array(
      z.strictObject({
        /** Also the subject (`sub`). */
        username: z.string().min(1),
        password: z.string().min(1),
        name: z.string(),
        email: z.string(),
      }),
    )
    .min(1),
});
export type DevIdpConfig = z.output<typeof devIdpConfigSchema>;

export interface RunningDevIdp {
  readonly issuer: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the provider. */
export async function createDevIdp(
  config: DevIdpConfig,
  { logger }: { logger: Logger },
): Promise<RunningDevIdp> {
  const server = createServer();
  server.listen(config.port, loopback);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new AppError('ERR_DEV_IDP_LISTEN', `Cannot listen on port ${config.port}`, { cause });
  }
  const { port } = server.address() as AddressInfo;
  const issuer = config.issuer ?? `http://${loopback}:${port}`;
  const provider = new Provider(issuer, await createConfiguration(config));
  const handle = provider.callback();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const interaction = /^\/interaction\/[\w-]+$/.test(request.url ?? '');
    const answer = interaction
      ? signIn(provider, config, request, response)
      : handle(request, response);
    answer.catch((error: unknown) => {
      logger.warn('dev-idp-request-failed', { error });
      response.writeHead(400, { 'content-type': 'text/plain' }).end('This sign-in has expired.');
    });
  });
  return {
    issuer,
    port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function createConfiguration(config: DevIdpConfig): Promise<Configuration> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return {
    clients: [
      {
        client_id: config.clientId,
        token_endpoint_auth_method: 'none',
        redirect_uris: [`${config.clientOrigin}/callback`],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...jwk, alg: 'ES256', use: 'sig', kid: randomBytes(8).toString('hex') }] },
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: { session: 'idp.session', interaction: 'idp.interaction', resume: 'idp.resume' },
    },
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    // Claims of the granted scopes go into the ID token: the login page posts only that.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    clientBasedCORS: (_context, origin) => origin === config.clientOrigin,
    findAccount: (_context, id) => {
      const user = config.users.find(({ username }) => username === id);
      return (
        user && {
          accountId: id,
          claims: () => ({ sub: id, name: user.name, email: user.email, email_verified: true }),
        }
      );
    },
    // Nobody is asked to consent: there is one client, and it is ours.
    loadExistingGrant: async ({ oidc }) => {
      const { client, account, provider } = oidc;
      if (!client || !account) return undefined;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
    ttl: { Session: 3600, Interaction: 600, Grant: 3600, AccessToken: 300, IdToken: 300 },
  };
}

/** Shows the form, or checks what was typed into it. */
async function signIn(
  provider: Provider,
  config: DevIdpConfig,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { uid } = await provider.interactionDetails(request, response);
  const show = (problem?: string) => {
    const page = loginPage(`/interaction/${uid}`, problem);
    response.writeHead(problem ? 401 : 200, page.headers).end(page.html);
  };
  if (request.method !== 'POST') {
    show();
    return;
  }
  const form = new URLSearchParams(await readBody(request));
  const user = config.users.find(
    ({ username, password }) =>
      equal(username, form.get('username') ?? '') && equal(password, form.get('password') ?? ''),
  );
  if (!user) {
    show('That user name and password do not match.');
    return;
  }
  await provider.interactionFinished(request, response, { login: { accountId: user.username } });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxFormBytes) throw new AppError('ERR_DEV_IDP_FORM', 'the form is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function equal(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}
