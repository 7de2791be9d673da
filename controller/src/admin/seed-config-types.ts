import type { ControllerContext } from '../context.ts';
import { builtInConfigTypes } from '../model/built-in-config-types.ts';
import { newEntity } from '../model/defaults.ts';
import { repositories } from '../store/repositories.ts';

/** Adds the built-in config types that are missing, and renews those whose schema is an older one. */
export async function seedConfigTypes({
  store,
  clock,
}: Pick<ControllerContext, 'store' | 'clock'>): Promise<void> {
  await store.write(async (tx) => {
    const rows = await repositories.configTypes.find(tx.db);
    const known = new Map(rows.map((row) => [row.id, row]));
    const names = new Set(rows.map((row) => row.name));
    for (const { id, name, target, schema } of builtInConfigTypes) {
      const row = known.get(id);
      // An operator's own type of that name stays theirs.
      if (!row && names.has(name)) continue;
      if (!row) {
        const entity = { ...newEntity(clock()), id, tags: {} };
        await repositories.configTypes.insert(tx, { ...entity, name, target, schema });
      } else if (JSON.stringify(row.schema) !== JSON.stringify(schema)) {
        await repositories.configTypes.update(tx, id, { schema });
      }
    }
  });
}
