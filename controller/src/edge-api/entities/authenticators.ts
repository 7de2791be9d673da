import type { X509Certificate } from 'node:crypto';
import { certificatesOf } from '@postern/node/tls';
import { z } from 'zod';
import { ownAnchors } from '../../auth/certificate-login.ts';
import { verifyClientCertificate } from '../../auth/client-certificate.ts';
import { hashPassword, passwordProblem } from '../../auth/passwords.ts';
import { newAuthenticator } from '../../model/defaults.ts';
import { fingerprintOf } from '../../pki/certificates.ts';
import { endSessionsByAuthenticator } from '../../sign-in/end-sessions-by-authenticator.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition, type Env } from '../crud.ts';
import { reference } from '../envelope.ts';
import { EdgeError, fieldError, notFound } from '../errors.ts';
import { referenceSchema, timeSchema } from '../responses.ts';
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
    method: z.enum(['updb', 'cert']),
    identityId: id,
    username: username.optional(),
    password: password.optional(),
    certPem: z.string().max(65_536).optional(),
    tags,
  }),
  updatable: z.object({ username, password: password.optional(), tags }),
  shown: {
    identity: referenceSchema,
    username: z.string(),
    certPem: z.string(),
    fingerprint: z.string(),
    extendRequestedAt: timeSchema.nullable(),
    lastAuthResolvedToRoot: z.boolean(),
  },
  async check(input, { db }, row) {
    if (row && row.method !== 'updb') throw new EdgeError('CAN_NOT_UPDATE_AUTHENTICATOR');
    const { method, identityId } = row ?? input;
    if (!row) {
      if (!(await repositories.identities.get(db, identityId))) throw notFound();
      if ((await repositories.authenticators.find(db, { identityId, method })).length > 0)
        throw new EdgeError('MAX_AUTHENTICATOR_METHODS_REACHED');
    }
    if (method === 'cert') {
      if (input.certPem === undefined) throw fieldError('certPem', 'is required');
      return;
    }
    if (input.username === undefined) throw fieldError('username', 'is required');
    if (!row && input.password === undefined) throw fieldError('password', 'is required');
    const [other] = await repositories.authenticators.find(db, { username: input.username });
    if (other && other.id !== row?.id)
      throw fieldError('username', 'duplicate value, username must be unique', input.username);
    if (input.password !== undefined) await requirePassword(db, identityId, input.password);
  },
  async create({ method, identityId, tags, ...input }, { ctx, tx, nowMs }) {
    const proof =
      method === 'cert'
        ? await registeredCertificate(tx.db, ctx, input.certPem ?? '')
        : {
            username: input.username ?? null,
            passwordHash: await hashPassword(input.password ?? ''),
          };
    return repositories.authenticators.insert(
      tx,
      newAuthenticator({ tags, method, identityId, ...proof }, nowMs),
    );
  },
  async update(row, input, { tx, nowMs }, replaced) {
    const { password: sent } = input as { password?: string };
    if (replaced && sent === undefined) throw fieldError('password', 'is required');
    const secret =
      sent === undefined ? {} : { passwordHash: await hashPassword(sent), failedAttempts: 0 };
    const updatedAt = new Date(nowMs).toISOString();
    await repositories.authenticators.update(tx, row.id, {
      username: input.username ?? row.username,
      tags: input.tags,
      updatedAt,
      ...secret,
    });
    if (sent !== undefined) await endSessionsByAuthenticator(tx, row, nowMs);
  },
  async remove(row, { tx, nowMs }) {
    await endSessionsByAuthenticator(tx, row, nowMs);
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
      lastAuthResolvedToRoot: row.method === 'cert',
    }));
  },
});

/** A certificate given by an administrator: it must lead to an authority that may authenticate. */
async function registeredCertificate(db: Env['db'], ctx: Env['ctx'], certPem: string) {
  let leaf: X509Certificate | undefined;
  try {
    [leaf] = certificatesOf(certPem);
  } catch {
    leaf = undefined;
  }
  if (!leaf) throw new EdgeError('INVALID_CERT_PEM');
  const fingerprint = fingerprintOf(leaf.raw);
  if ((await repositories.authenticators.find(db, { fingerprint })).length > 0)
    throw fieldError('certPem', 'duplicate value, fingerprint must be unique');
  const peer = { leaf, intermediates: certificatesOf(certPem).slice(1, 5) };
  const path = verifyClientCertificate(peer, ownAnchors(ctx.pki), ctx.clock());
  return { certPem: leaf.toString(), fingerprint, isIssuedByNetwork: path !== undefined };
}

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
