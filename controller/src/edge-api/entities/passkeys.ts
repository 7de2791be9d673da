import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition } from '../entity-definition.ts';
import { reference } from '../envelope.ts';
import { EdgeError } from '../errors.ts';
import { isAdministrator } from '../permissions.ts';
import { referenceSchema } from '../responses.ts';
import { identities } from './identities.ts';

/** Passkeys of everybody; people add their own at the login origin, administrators take lost ones away. */
export const passkeys: EntityDefinition = defineEntity({
  plural: 'passkeys',
  permission: 'identity',
  repository: repositories.passkeys,
  actions: ['read', 'delete'],
  symbols: {
    aliases: { identity: 'identityId' },
    references: { identity: { column: 'identityId', target: () => identities.symbols } },
    constants: { isSystem: false },
  },
  shown: { identity: referenceSchema },
  async remove(row, { tx, identity: caller }) {
    const owner = await repositories.identities.get(tx.db, row.identityId);
    if (owner && isAdministrator(owner) && !isAdministrator(caller))
      throw new EdgeError('UNAUTHORIZED');
    await repositories.passkeys.remove(tx, row.id);
  },
  async render(rows, { db }) {
    const owners = await repositories.identities.findIn(
      db,
      'id',
      rows.map((row) => row.identityId),
    );
    return rows.map((row) => ({
      identity: reference(
        'identities',
        row.identityId,
        owners.find(({ id }) => id === row.identityId)?.name ?? '',
      ),
    }));
  },
});
