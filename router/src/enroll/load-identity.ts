import { readFile } from 'node:fs/promises';
import { AppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import { serverNames } from '../addresses.ts';
import type { RouterConfig } from '../config.ts';
import { enroll } from './enroll.ts';
import { readIdentity, routerName, writeIdentity, type RouterIdentity } from './identity-store.ts';

/**
 * The router's identity from its state folder. If there is none yet, it enrolls and keeps what it got.
 *
 * @throws AppError `ERR_ROUTER_NOT_ENROLLED`, `ERR_ENROLL_*`, `ERR_CONTROLLER_UNREACHABLE`,
 * `ERR_ROUTER_IDENTITY`
 */
export async function loadIdentity(config: RouterConfig, logger: Logger): Promise<RouterIdentity> {
  const stored = await readIdentity(config.stateDir);
  if (stored !== undefined) return stored;
  if (config.enrollmentJwtFile === undefined) {
    throw new AppError(
      'ERR_ROUTER_NOT_ENROLLED',
      'no identity in stateDir and no enrollmentJwtFile',
    );
  }
  const token = (await readFile(config.enrollmentJwtFile, 'utf8')).trim();
  const identity = await enroll(token, serverNames(config));
  await writeIdentity(config.stateDir, identity);
  logger.info('router.enrolled', routerName(identity));
  return identity;
}

/** Enrolls without running, so that the token can be thrown away. Returns the router's id. Throws as {@link loadIdentity}. */
export async function enrollRouter(
  config: RouterConfig,
  { logger }: { logger: Logger },
): Promise<string> {
  return routerName(await loadIdentity(config, logger)).routerId;
}
