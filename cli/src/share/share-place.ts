/** Where shares get their host names: below one wildcard name, which the operator chose. */
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';
import type { EdgeClient } from '../client/edge-client.ts';

/** Built into the controller; its schema there is the same. */
const SHARING_CONFIG_TYPE = 'postern.sharing.v1';
const PATTERN = /^(https?:\/\/)\*\.([^/*?#\s]+)$/;

const configs = z.array(z.object({ name: z.string(), data: z.object({ origin: z.string() }) }));

/**
 * The origin of the share of that name.
 *
 * @param domain as typed, such as `https://*.share.example.com`; default: the controller's config of type
 *   `postern.sharing.v1`
 * @throws AppError `ERR_EXPOSE_DOMAIN`
 */
export async function shareOrigin(
  client: Pick<EdgeClient, 'list'>,
  name: string,
  domain: string | undefined,
): Promise<string> {
  const pattern = domain ?? (await configured(client));
  const [, scheme, host] = PATTERN.exec(pattern) ?? [];
  const origin = `${scheme}${name}.${host}`;
  if (host === undefined || !URL.canParse(origin) || new URL(origin).origin !== origin) {
    throw new AppError(
      'ERR_EXPOSE_DOMAIN',
      `"${pattern}" is no domain for shares: it looks like https://*.share.example.com`,
    );
  }
  return origin;
}

async function configured(client: Pick<EdgeClient, 'list'>): Promise<string> {
  const filter = `type = "${SHARING_CONFIG_TYPE}" sort by name limit 1`;
  const { rows } = await client.list('configs', { filter });
  const [config] = configs.parse(rows);
  if (config) return config.data.origin;
  throw new AppError(
    'ERR_EXPOSE_DOMAIN',
    'This network has no domain for shares. Point a wildcard name and its certificate at the gateway, then say so once: ' +
      `postern edge create config sharing ${SHARING_CONFIG_TYPE} '{"origin":"https://*.share.example.com"}'`,
  );
}
