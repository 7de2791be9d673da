/** What a new controller starts with: the default auth policy, config types and one administrator. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfPresent, writeDurably } from '@postern/node/files';
import { AppError } from '@postern/shared/errors';
import { hashPassword } from '../auth/passwords.ts';
import type { ControllerContext } from '../context.ts';
import { DEFAULT_AUTH_POLICY_ID } from '../model/auth-policies.ts';
import { defaultAuthPolicy, newAuthenticator, newIdentity } from '../model/defaults.ts';
import { repositories } from '../store/repositories.ts';
import { seedConfigTypes } from './seed-config-types.ts';

type BootstrapContext = Pick<ControllerContext, 'config' | 'store' | 'clock' | 'logger'>;

/** Makes what is missing; there is no default password. @throws AppError ERR_CONFIG_ADMIN_PASSWORD */
export async function bootstrap({ config, store, clock, logger }: BootstrapContext): Promise<void> {
  if (!(await repositories.authPolicies.get(store.db, DEFAULT_AUTH_POLICY_ID))) {
    await store.write(async (tx) => {
      if (await repositories.authPolicies.get(tx.db, DEFAULT_AUTH_POLICY_ID)) return;
      await repositories.authPolicies.insert(tx, defaultAuthPolicy(clock()));
    });
  }
  await seedConfigTypes({ store, clock });
  if ((await repositories.identities.find(store.db, { isDefaultAdmin: true })).length > 0) return;

  const { username, passwordFile } = config.bootstrap.admin;
  const password =
    passwordFile === undefined
      ? await generatedPassword(config.dataDir)
      : await givenPassword(passwordFile);
  const passwordHash = await hashPassword(password);
  const created = await store.write(async (tx) => {
    // Another controller may have started at the same time.
    if ((await repositories.identities.find(tx.db, { isDefaultAdmin: true })).length > 0)
      return false;
    const values = { name: 'Default Admin', isAdmin: true, isDefaultAdmin: true };
    const admin = await repositories.identities.insert(tx, newIdentity(values, clock()));
    await repositories.authenticators.insert(
      tx,
      newAuthenticator({ method: 'updb', identityId: admin.id, username, passwordHash }, clock()),
    );
    return true;
  });
  if (!created) return;
  logger.info('bootstrap.admin-created', {
    username,
    passwordFile: passwordFile ?? 'admin-password in the data folder',
  });
}

/** 24 characters of base64url, 144 bits; kept in a file so that a crash before the commit loses nothing. */
async function generatedPassword(dataDir: string): Promise<string> {
  const file = join(dataDir, 'admin-password');
  const present = await readIfPresent(file);
  if (present !== undefined) return present.trim();
  const password = randomBytes(18).toString('base64url');
  await writeDurably(file, `${password}\n`);
  return password;
}

async function givenPassword(file: string): Promise<string> {
  const password = (await readFile(file, 'utf8')).trim();
  if (password.length < 8)
    throw new AppError(
      'ERR_CONFIG_ADMIN_PASSWORD',
      'the admin password must be at least 8 characters',
    );
  return password;
}
