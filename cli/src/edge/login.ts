import { AppError } from '@postern/shared/errors';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { EdgeClient, type EdgeTarget, type Answer } from '../client/edge-client.ts';
import { establishTrust } from '../client/trust.ts';
import { examples } from '../commands/option-forms.ts';
import { profilesPath, readProfiles, writeProfiles } from '../profiles/profile-store.ts';
import { printable } from '../terminal/printable.ts';
import { readFileBounded, readSecret } from '../terminal/read-value.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { readIdentityFile } from './identity-file.ts';

const DEFAULT_PORT = '1280';
const MANAGEMENT = '/edge/management/v1';

interface LoginFlags {
  profile?: string;
  ca?: string;
  fingerprint?: string;
  username?: string;
  passwordFile?: string;
  clientCert?: string;
  clientKey?: string;
  file?: string;
  extJwt?: string;
  tokenFile?: string;
}

const versionSchema = z.object({
  apiVersions: z.object({
    'edge-management': z.object({ v1: z.object({ path: z.string().startsWith('/') }) }),
  }),
});
const sessionSchema = z.object({
  token: z.string().min(1),
  authQueries: z
    .array(z.object({ typeId: z.string().optional(), provider: z.string().optional() }))
    .nullish(),
});

/** `postern edge login` */
export function addLoginCommand(edge: Command, terminal: Terminal): void {
  edge
    .command('login')
    .description('Sign in to a controller and remember it as a profile')
    .argument(
      '<controller>',
      `host, host:port (default port ${DEFAULT_PORT}) or https URL of its admin listener`,
    )
    .option('-u, --username <name>', 'sign in by password')
    .option(
      '--password-file <file>',
      'where the password is; -: standard input (default: asked for)',
    )
    .option('-c, --client-cert <file>', 'sign in by certificate: PEM chain')
    .option('-k, --client-key <file>', 'and its key')
    .option('-f, --file <identity.json>', 'sign in with an identity file that "enroll" wrote')
    .option('--ext-jwt <file>', 'sign in by a token of an identity provider; -: standard input')
    .option('--token-file <file>', 'use a session token or JWT you have; -: standard input')
    .option('--ca <file>', 'authorities that certify the controller, PEM')
    .option('--fingerprint <sha256>', 'of its root certificate, instead of being asked')
    .option('-i, --profile <name>', 'name to remember it by', 'default')
    .addOption(
      refused(
        '-p, --password <password>',
        'a password on the command line can be read by every user of the machine: leave it out to be asked, or use --password-file',
      ),
    )
    .addOption(
      refused('-y, --yes', 'a controller is never trusted unseen: give --ca or --fingerprint'),
    )
    .addHelpText(
      'after',
      examples(
        'postern edge login 127.0.0.1:1280 -u admin',
        'postern edge login ctrl.example.com -u admin --password-file admin-password --ca ca.pem',
        'postern edge login ctrl.example.com --file ops.json --profile production',
      ),
    )
    .action((controller: string, flags: LoginFlags & { profile: string }) =>
      login(terminal, controller, flags),
    );
}

/** An option of `ziti edge login` that is not here, and why. */
function refused(flags: string, why: string): Option {
  const refuse = () => {
    throw new AppError('ERR_CLI_USAGE', why);
  };
  return new Option(flags).hideHelp().argParser(refuse);
}

async function login(
  terminal: Terminal,
  controller: string,
  flags: LoginFlags & { profile: string },
): Promise<void> {
  const path = profilesPath(terminal.env);
  const profiles = await readProfiles(path);
  const origin = originOf(controller);
  const before = Object.hasOwn(profiles.profiles, flags.profile)
    ? profiles.profiles[flags.profile]
    : undefined;
  const identityFile = flags.file === undefined ? undefined : await readIdentityFile(flags.file);
  const ca =
    identityFile?.ca ??
    (await establishTrust(terminal, origin, {
      caFile: flags.ca,
      fingerprint: flags.fingerprint,
      known: before?.origin === origin ? before.ca : undefined,
    }));
  const basePath = await discover({ origin, basePath: MANAGEMENT, ca });
  const token = await authenticate(terminal, { origin, basePath, ca }, flags, identityFile);
  const identity = await whoIs({ origin, basePath, ca, token });
  profiles.profiles[flags.profile] = {
    origin,
    basePath,
    token,
    identity,
    ...(ca !== undefined && { ca }),
  };
  profiles.current = flags.profile;
  await writeProfiles(path, profiles);
  terminal.out(printable(`Signed in to ${origin} as ${identity} (profile ${flags.profile})\n`));
}

/** @throws AppError `ERR_CLI_USAGE` */
function originOf(text: string): string {
  const url = URL.canParse(text) && /^https?:\/\//.test(text) ? new URL(text) : parseHost(text);
  if (url?.protocol !== 'https:' || url.username || url.password || url.search || url.hash) {
    throw new AppError(
      'ERR_CLI_USAGE',
      `"${text}" is no controller: give host:port or https://host:port`,
    );
  }
  return url.origin;
}

function parseHost(text: string): URL | undefined {
  const hasPort = /:\d+$/.test(text) && (!text.includes('[') || text.includes(']:'));
  const address = `https://${text}${hasPort ? '' : `:${DEFAULT_PORT}`}`;
  return !text.includes('/') && URL.canParse(address) ? new URL(address) : undefined;
}

/** Path of the Management API. @throws AppError `ERR_CLI_API` when it is not served there. */
async function discover(target: EdgeTarget): Promise<string> {
  const data = await withClientOf(
    target,
    async (client) => (await client.call('GET', 'version')).data,
  );
  const version = versionSchema.safeParse(data);
  if (!version.success) {
    throw new AppError(
      'ERR_CLI_API',
      `${target.origin} serves no Management API: is this the controller's admin listener?`,
      { cause: version.error },
    );
  }
  return version.data.apiVersions['edge-management'].v1.path;
}

/** Proves who we are, one-time code included if it is asked for. Returns the session's token. */
async function authenticate(
  terminal: Terminal,
  target: EdgeTarget,
  flags: LoginFlags,
  identityFile: { cert: string; key: string } | undefined,
): Promise<string> {
  if (flags.tokenFile !== undefined)
    return (await readSecret(terminal, 'Token', flags.tokenFile)).trim();
  const answer = await prove(terminal, target, flags, identityFile);
  const { token, authQueries } = sessionSchema.parse(answer.data);
  for (const { typeId, provider } of authQueries ?? []) {
    if (typeId !== 'MFA') {
      throw new AppError(
        'ERR_CLI_API',
        `The controller also wants a token of ${provider ?? 'an identity provider'}, which this command cannot give`,
      );
    }
    const code = (await terminal.ask('One-time code: ', { hidden: true })).trim();
    await withClientOf({ ...target, token }, (client) =>
      client.call('POST', 'authenticate/mfa', { body: { code } }),
    );
  }
  return token;
}

async function prove(
  terminal: Terminal,
  target: EdgeTarget,
  flags: LoginFlags,
  identityFile: { cert: string; key: string } | undefined,
): Promise<Answer> {
  const post = (method: string, body: unknown, over: Partial<EdgeTarget> = {}) =>
    withClientOf({ ...target, ...over }, (client) =>
      client.call('POST', 'authenticate', { query: { method }, body }),
    );
  if (identityFile) return post('cert', {}, { clientCertificate: identityFile });
  if (flags.clientCert !== undefined) {
    if (flags.clientKey === undefined)
      throw new AppError('ERR_CLI_USAGE', '--client-cert also needs --client-key');
    const [cert, key] = await Promise.all([
      readFileBounded(flags.clientCert),
      readFileBounded(flags.clientKey),
    ]);
    return post('cert', {}, { clientCertificate: { cert, key } });
  }
  if (flags.extJwt !== undefined) {
    const jwt = (await readSecret(terminal, 'Token', flags.extJwt)).trim();
    return post('ext-jwt', {}, { token: jwt });
  }
  const username = flags.username ?? (await terminal.ask('Username: ')).trim();
  const password = await readSecret(terminal, `Password of ${username}`, flags.passwordFile);
  return post('password', { username, password });
}

async function whoIs(target: EdgeTarget): Promise<string> {
  const data = await withClientOf(target, (client) => client.detail('current-identity'));
  return String(data['name']);
}

async function withClientOf<T>(
  target: EdgeTarget,
  action: (client: EdgeClient) => Promise<T>,
): Promise<T> {
  const client = new EdgeClient(target);
  try {
    return await action(client);
  } finally {
    await client.close();
  }
}
