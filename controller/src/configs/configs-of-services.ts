import type { Kysely } from 'kysely';
import type { Service } from '../model/services.ts';
import { repositories } from '../store/repositories.ts';
import type { Database } from '../store/tables.ts';

type ConfigData = Record<string, unknown>;

/**
 * What the configs of services say to one identity, by name of the config type: those that override for the
 * identity go before the service's own.
 * @param isWanted which config types, by id and name
 */
export async function configsOfServices(
  db: Kysely<Database>,
  rows: readonly Pick<Service, 'id' | 'configs'>[],
  identityId: string,
  isWanted: (type: { id: string; name: string }) => boolean,
): Promise<(row: Pick<Service, 'id' | 'configs'>) => Record<string, ConfigData>> {
  const types = (await repositories.configTypes.find(db)).filter(isWanted);
  const overrides = await repositories.identityConfigs.find(db, { identityId });
  const configs = new Map(
    (
      await repositories.configs.findIn(db, 'id', [
        ...rows.flatMap((row) => row.configs),
        ...overrides.map((override) => override.configId),
      ])
    ).map((config) => [config.id, config]),
  );
  return (row) => {
    const own = row.configs.map((id) => configs.get(id));
    const overriding = overrides
      .filter(({ serviceId }) => serviceId === row.id)
      .map(({ configId }) => configs.get(configId));
    return Object.fromEntries(
      types.flatMap(({ id, name }) => {
        const config = [...overriding, ...own].find((one) => one?.configTypeId === id);
        return config ? [[name, config.data]] : [];
      }),
    );
  };
}
