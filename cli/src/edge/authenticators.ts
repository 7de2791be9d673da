import { AppError } from '@postern/shared/errors';
import type { Command } from 'commander';
import type { EdgeClient, Row } from '../client/edge-client.ts';
import { quote, resolveId } from '../client/resolve.ts';
import { kindAt } from '../entities/index.ts';
import { printable } from '../terminal/printable.ts';
import { readFileBounded, readSecret } from '../terminal/read-value.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withClient, withSession, type SessionFlags } from './session.ts';

interface PasswordFlags extends SessionFlags {
  passwordFile?: string;
  currentPasswordFile?: string;
  self?: boolean;
  identity?: string;
}

const identities = kindAt('identities');

/** `postern edge create authenticator updb|cert` */
export function addAuthenticatorCreation(create: Command, terminal: Terminal): void {
  const group = create
    .command('authenticator')
    .description('another way for an identity to sign in');
  withSession(
    group
      .command('updb')
      .description('user name and password')
      .argument('<identity>', 'id or name')
      .argument('<username>', 'to sign in with')
      .option(
        '--password-file <file>',
        'where the password is; -: standard input (default: asked for)',
      ),
  ).action(async (identity: string, username: string, flags: PasswordFlags) => {
    await withClient(terminal, flags, async (client) => {
      const identityId = await resolveId(client, identities, identity);
      const password = await newPassword(terminal, flags.passwordFile);
      await createAuthenticator(client, terminal, flags, {
        method: 'updb',
        identityId,
        username,
        password,
      });
    });
  });
  withSession(
    group
      .command('cert')
      .description('a certificate')
      .argument('<identity>', 'id or name')
      .argument('<pem-file>', 'the certificate'),
  ).action(async (identity: string, file: string, flags: SessionFlags) => {
    await withClient(terminal, flags, async (client) => {
      const identityId = await resolveId(client, identities, identity);
      const certPem = await readFileBounded(file);
      await createAuthenticator(client, terminal, flags, { method: 'cert', identityId, certPem });
    });
  });
}

async function createAuthenticator(
  client: EdgeClient,
  terminal: Terminal,
  { json }: SessionFlags,
  body: Row,
): Promise<void> {
  const { text, data } = await client.call('POST', 'authenticators', { body });
  terminal.out(
    json ? `${text}\n` : `New authenticator created with id: ${String((data as Row)['id'])}\n`,
  );
}

/** `postern edge update authenticator updb|cert` */
export function addAuthenticatorUpdates(update: Command, terminal: Terminal): void {
  const group = update.command('authenticator').description('a password or certificate');
  withSession(
    group
      .command('updb')
      .description('set a password')
      .option('--self', 'your own')
      .option('--identity <identity>', 'of this identity, as its administrator')
      .option(
        '--password-file <file>',
        'where the new password is; -: standard input (default: asked for)',
      )
      .option(
        '--current-password-file <file>',
        'with --self: where the present one is (default: asked for)',
      ),
  ).action(async (flags: PasswordFlags) => {
    if ((flags.self === true) === (flags.identity !== undefined)) {
      throw new AppError('ERR_CLI_USAGE', 'Say whose password: --self or --identity <identity>');
    }
    await withClient(terminal, flags, async (client) => {
      if (flags.identity === undefined) await changeOwnPassword(client, terminal, flags);
      else await setPassword(client, terminal, flags.identity, flags.passwordFile);
      terminal.out('Password changed\n');
    });
  });
  withSession(
    group
      .command('cert')
      .description('have a certificate replaced')
      .argument('<authenticator>', 'its id')
      .option('--request-extend', 'its holder renews it with the present one (default)')
      .option('--roll-keys', 'and makes a new key')
      .option('--re-enroll', 'its holder enrols again; the present one ends at once')
      .option('-d, --duration <minutes>', 'with --re-enroll: how long its token is valid', '30'),
  ).action(
    async (
      id: string,
      flags: SessionFlags & { rollKeys?: boolean; reEnroll?: boolean; duration: string },
    ) => {
      await withClient(terminal, flags, async (client) => {
        if (!flags.reEnroll) {
          const body = { rollKeys: flags.rollKeys ?? false };
          await client.call('POST', `authenticators/${id}/request-extend`, { body });
          terminal.out('Its holder is asked to renew it\n');
          return;
        }
        const minutes = Number(flags.duration);
        if (!(minutes > 0))
          throw new AppError('ERR_CLI_USAGE', '--duration takes minutes, more than 0');
        const expiresAt = new Date(Date.now() + minutes * 60_000).toISOString();
        const enrollmentId = await client.create(`authenticators/${id}/re-enroll`, { expiresAt });
        const { jwt } = await client.detail(`enrollments/${enrollmentId}`);
        terminal.out(printable(`${String(jwt)}\n`));
      });
    },
  );
}

async function changeOwnPassword(
  client: EdgeClient,
  terminal: Terminal,
  flags: PasswordFlags,
): Promise<void> {
  const path = 'current-identity/authenticators';
  const own = await onlyOne(client, path, 'method = "updb"', 'You have no password');
  const currentPassword = await readSecret(terminal, 'Present password', flags.currentPasswordFile);
  const password = await newPassword(terminal, flags.passwordFile);
  await client.call('PATCH', `${path}/${own}`, { body: { currentPassword, password } });
}

async function setPassword(
  client: EdgeClient,
  terminal: Terminal,
  identity: string,
  passwordFile: string | undefined,
): Promise<void> {
  const id = await resolveId(client, identities, identity);
  const filter = `identity = ${quote(id)} and method = "updb"`;
  const none = `${identity} has no password: "postern edge create authenticator updb" makes one`;
  const found = await onlyOne(client, 'authenticators', filter, none);
  const password = await newPassword(terminal, passwordFile);
  await client.call('PATCH', `authenticators/${found}`, { body: { password } });
}

async function onlyOne(
  client: EdgeClient,
  path: string,
  filter: string,
  none: string,
): Promise<string> {
  const { rows } = await client.list(path, { filter });
  const [row] = rows as Row[];
  if (row === undefined) throw new AppError('ERR_CLI_NOT_FOUND', none);
  return String(row['id']);
}

/** A password to be, typed twice unless it comes from a file. @throws AppError `ERR_CLI_USAGE` */
async function newPassword(terminal: Terminal, file: string | undefined): Promise<string> {
  const password = await readSecret(terminal, 'New password', file);
  if (file === undefined && (await readSecret(terminal, 'Once more', undefined)) !== password) {
    throw new AppError('ERR_CLI_USAGE', 'The two passwords differ: nothing changed');
  }
  return password;
}
