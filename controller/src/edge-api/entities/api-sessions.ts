import type { ApiSession, Identity } from '../../model/identities.ts';
import { endApiSessions } from '../../sessions/end-sessions.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition } from '../crud.ts';
import { reference } from '../envelope.ts';
import { identities } from './identities.ts';

export const apiSessions: EntityDefinition = defineEntity({
  plural: 'api-sessions',
  permission: 'ops',
  repository: repositories.apiSessions,
  actions: ['read', 'delete'],
  symbols: {
    aliases: { identity: 'identityId', authenticator: 'authenticatorId' },
    references: { identity: { column: 'identityId', target: () => identities.symbols } },
    constants: { isSystem: false },
  },
  remove: (row, { tx, nowMs }) => endApiSessions(tx, [row], nowMs),
  async render(rows, { db }) {
    const owners = await repositories.identities.findIn(
      db,
      'id',
      rows.map((row) => row.identityId),
    );
    return rows.map((row) =>
      sessionMembers(
        row,
        owners.find((owner) => owner.id === row.identityId),
      ),
    );
  },
});

/** Members beyond the row's own. The token is known only to who logged in, so listings show none. */
export function sessionMembers(row: ApiSession, owner: Pick<Identity, 'name'> | undefined) {
  return {
    token: '',
    identity: reference('identities', row.identityId, owner?.name ?? ''),
    authQueries: [],
    isMfaRequired: false,
    isMfaComplete: row.mfaPassedAt !== null,
    isCertExtendable: false,
    improperClientCertChain: false,
    cachedLastActivityAt: row.lastActivityAt,
  };
}
