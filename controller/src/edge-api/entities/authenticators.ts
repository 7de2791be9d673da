import { z } from 'zod';
import { hashPassword, passwordProblem } from '../../auth/passwords.ts';
import { newAuthenticator } from '../../model/defaults.ts';
import { endApiSessionsOf } from '../../sessions/end-sessions.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition, type Env } from '../crud.ts';
import { reference } from '../envelope.ts';
import { EdgeError, fieldError, notFound } from '../errors.ts';
import { id, tags } from './fields.ts';
import { identities } from './identities.ts';

const username = z.string().min(4).max(100);
const password = z.string().min(5).max(100);

export const authenticators: EntityDefinition = defineEntity({
  plural: 'authenticators',
  repository: repositories.authenticators,
  symbols: {
    aliases: { identity: 'identityId', certFingerprint: 'fingerprint', updbUsername: 'username' },
    references: { identity: { column: 'identityId', target: () => identities.symbols } },
    constants: { isSystem: false },
  },
  links: ['identity'],
  input: z.object({
    method: z.literal('updb', 'certificates are registered by enrollment'),
    identityId: id,
    username,
    password,
    tags,
  }),
  updatable: z.object({ username, password: password.optional(), tags }),
  async check(input, { db }, row) {
    if (row && row.method !== 'updb') throw new EdgeError('CAN_NOT_UPDATE_AUTHENTICATOR');
    const identityId = row?.identityId ?? input.identityId;
    if (!row) {
      if (!(await repositories.identities.get(db, identityId))) throw notFound();
      if ((await repositories.authenticators.find(db, { identityId, method: 'updb' })).length > 0) {
        throw new EdgeError('MAX_AUTHENTICATOR_METHODS_REACHED');
      }
    }
    const [other] = await repositories.authenticators.find(db, { username: input.username });
    if (other && other.id !== row?.id)
      throw fieldError('username', 'duplicate value, username must be unique', input.username);
    const { password: sent } = input as { password?: string };
    if (sent !== undefined) await requirePassword(db, identityId, sent);
  },
  async create(input, { tx, nowMs }) {
    const { tags, method, identityId, username } = input;
    const passwordHash = await hashPassword(input.password);
    return repositories.authenticators.insert(
      tx,
      newAuthenticator({ tags, method, identityId, username, passwordHash }, nowMs),
    );
  },
  async update(row, input, { tx, nowMs }, replaced) {
    const { password: sent } = input as { password?: string };
    if (replaced && sent === undefined) throw fieldError('password', 'is required');
    const secret =
      sent === undefined ? {} : { passwordHash: await hashPassword(sent), failedAttempts: 0 };
    const updatedAt = new Date(nowMs).toISOString();
    await repositories.authenticators.update(tx, row.id, {
      username: input.username,
      tags: input.tags,
      updatedAt,
      ...secret,
    });
    if (sent !== undefined) await endApiSessionsOf(tx, { authenticatorId: row.id }, nowMs);
  },
  async remove(row, { tx, nowMs }) {
    await endApiSessionsOf(tx, { authenticatorId: row.id }, nowMs);
    await repositories.authenticators.remove(tx, row.id);
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
        owners.find((owner) => owner.id === row.identityId)?.name ?? '',
      ),
      username: row.username ?? '',
      certPem: row.certPem ?? '',
      fingerprint: row.fingerprint ?? '',
      isExtendRequested: false,
      isKeyRollRequested: false,
      extendRequestedAt: null,
      lastAuthResolvedToRoot: false,
    }));
  },
});

/** @throws EdgeError COULD_NOT_VALIDATE when the identity's auth policy refuses the password. */
export async function requirePassword(
  db: Env['db'],
  identityId: string,
  sent: string,
): Promise<void> {
  const identity = await repositories.identities.get(db, identityId);
  const policy = identity && (await repositories.authPolicies.get(db, identity.authPolicyId));
  const problem = policy && passwordProblem(sent, policy.primary.updb);
  if (problem) throw fieldError('password', problem);
}
