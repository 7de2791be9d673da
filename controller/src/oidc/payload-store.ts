/**
 * What the OIDC provider remembers (codes, refresh tokens, grants, interactions, seen proofs), by
 * Kysely. An id is often the credential itself: rows are found by its SHA-256 and sealed under a key
 * derived from it, so that a stolen database neither shows nor yields one.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { AdapterPayload } from 'oidc-provider';
import type { ControllerContext } from '../context.ts';
import type { SignInDatabase } from '../sign-in/tables.ts';

export interface PayloadStore {
  /** Replaces what was there. */
  put(model: string, id: string, payload: AdapterPayload, lifeSeconds: number): Promise<void>;
  /** Adds it; false when the id is already there. */
  insert(model: string, id: string, payload: AdapterPayload, lifeSeconds: number): Promise<boolean>;
  find(model: string, id: string): Promise<AdapterPayload | undefined>;
  /** Marks it spent; false when it was spent already or is gone. Atomic. */
  consume(model: string, id: string): Promise<boolean>;
  remove(model: string, id: string): Promise<void>;
  /** Removes what was issued under a grant, and the grant. */
  removeGrant(grantId: string): Promise<void>;
  /** Deletes what has expired. */
  sweep(): Promise<void>;
}

export const hashId = (id: string): string => createHash('sha256').update(id).digest('base64url');

export function createPayloadStore(ctx: Pick<ControllerContext, 'store' | 'clock'>): PayloadStore {
  const reader = ctx.store.db.withTables<SignInDatabase>();

  const rowOf = (model: string, id: string, payload: AdapterPayload, lifeSeconds: number) => ({
    model,
    idHash: hashId(id),
    grantHash: payload.grantId === undefined ? null : hashId(payload.grantId),
    sealed: seal(id, payload),
    consumedAtMs: null,
    expiresAtMs: ctx.clock() + lifeSeconds * 1000,
  });

  return {
    put: (model, id, payload, lifeSeconds) =>
      ctx.store.write(async (tx) => {
        const { model: _model, idHash: _idHash, ...rest } = rowOf(model, id, payload, lifeSeconds);
        await tx.db
          .withTables<SignInDatabase>()
          .insertInto('oidcPayloads')
          .values({ ...rest, model, idHash: hashId(id) })
          .onConflict((conflict) => conflict.columns(['model', 'idHash']).doUpdateSet(rest))
          .execute();
      }),
    insert: (model, id, payload, lifeSeconds) =>
      ctx.store.write(async (tx) => {
        const { numInsertedOrUpdatedRows } = await tx.db
          .withTables<SignInDatabase>()
          .insertInto('oidcPayloads')
          .values(rowOf(model, id, payload, lifeSeconds))
          .onConflict((conflict) => conflict.columns(['model', 'idHash']).doNothing())
          .executeTakeFirstOrThrow();
        return numInsertedOrUpdatedRows === 1n;
      }),
    find: async (model, id) => {
      const row = await reader
        .selectFrom('oidcPayloads')
        .select(['sealed', 'consumedAtMs'])
        .where('model', '=', model)
        .where('idHash', '=', hashId(id))
        .where('expiresAtMs', '>', ctx.clock())
        .executeTakeFirst();
      if (!row) return undefined;
      const payload = open(id, row.sealed);
      return row.consumedAtMs === null
        ? payload
        : { ...payload, consumed: Math.floor(row.consumedAtMs / 1000) };
    },
    consume: (model, id) =>
      ctx.store.write(async (tx) => {
        const { numUpdatedRows } = await tx.db
          .withTables<SignInDatabase>()
          .updateTable('oidcPayloads')
          .set({ consumedAtMs: ctx.clock() })
          .where('model', '=', model)
          .where('idHash', '=', hashId(id))
          .where('consumedAtMs', 'is', null)
          .executeTakeFirstOrThrow();
        return numUpdatedRows === 1n;
      }),
    remove: (model, id) =>
      ctx.store.write(async (tx) => {
        await tx.db
          .withTables<SignInDatabase>()
          .deleteFrom('oidcPayloads')
          .where('model', '=', model)
          .where('idHash', '=', hashId(id))
          .execute();
      }),
    removeGrant: (grantId) =>
      ctx.store.write(async (tx) => {
        const grantHash = hashId(grantId);
        const db = tx.db.withTables<SignInDatabase>();
        await db.deleteFrom('oidcPayloads').where('grantHash', '=', grantHash).execute();
        await db
          .deleteFrom('oidcPayloads')
          .where('model', '=', 'Grant')
          .where('idHash', '=', grantHash)
          .execute();
      }),
    sweep: () =>
      ctx.store.write(async (tx) => {
        await tx.db
          .withTables<SignInDatabase>()
          .deleteFrom('oidcPayloads')
          .where('expiresAtMs', '<=', ctx.clock())
          .execute();
      }),
  };
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

function sealingKey(id: string): Buffer {
  return Buffer.from(hkdfSync('sha256', id, '', 'postern oidc payload', 32));
}

/** nonce (12) ‖ tag (16) ‖ AES-256-GCM ciphertext, base64url. */
function seal(id: string, payload: AdapterPayload): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(id), nonce);
  const body = Buffer.concat([cipher.update(JSON.stringify(payload), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
}

function open(id: string, sealed: string): AdapterPayload {
  const bytes = Buffer.from(sealed, 'base64url');
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(id), nonce);
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const body = bytes.subarray(NONCE_BYTES + TAG_BYTES);
  const plain = Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  return JSON.parse(plain) as AdapterPayload;
}
