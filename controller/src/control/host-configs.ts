import type { Kysely } from 'kysely';
import type { HostState } from '@postern/shared/schemas';
import { configsOfServices } from '../configs/configs-of-services.ts';
import { repositories } from '../store/repositories.ts';
import type { Database } from '../store/tables.ts';

type HostConfig = NonNullable<HostState['services'][number]['hostConfig']>;

/** In JSON. What is larger is of no use to a connector, and a thousand of them still fit one message. */
const MAX_CHARACTERS = 16 * 1024;
/** The first that a service has. */
const TYPES = ['host.v2', 'host.v1'] as const;

/** How the services are to be hosted by an identity, by service id. */
export async function hostConfigs(
  db: Kysely<Database>,
  serviceIds: readonly string[],
  identityId: string,
): Promise<Map<string, HostConfig>> {
  const rows = await repositories.services.findIn(db, 'id', serviceIds);
  const configOf = await configsOfServices(db, rows, identityId, ({ name }) =>
    TYPES.some((type) => type === name),
  );
  return new Map(
    rows.flatMap((row) => {
      const configs = configOf(row);
      const [first] = TYPES.flatMap((type) => {
        const data = configs[type];
        return data === undefined ? [] : [{ type, data }];
      });
      const isSendable = first && JSON.stringify(first.data).length <= MAX_CHARACTERS;
      return isSendable ? [[row.id, first] as const] : [];
    }),
  );
}
