/**
 * Sign-in sessions: one person on one device (its login-origin key), across all applications.
 * The session token is 256 random bits, kept as SHA-256, and good for one use: each use answers with
 * its successor, and a spent token coming back ends the session (RFC 9700 §4.14.2).
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { currentActor } from '../audit/actor.ts';
import { AppError } from '@postern/shared/errors';
import type { Kysely, Transaction } from 'kysely';
import type { ControllerContext } from '../context.ts';
import type { Database } from '../store/tables.ts';
import { revoke } from '../sessions/revoke.ts';
import type { WriteTx } from '../store/store.ts';
import { hashId } from '../oidc/payload-store.ts';
import type { SignInDatabase } from './tables.ts';

/** Longest life of an app token: a revocation is kept until every verifier has dropped the last one. */
export const APP_TOKEN_SECONDS = 300;

export type SignInSession = SignInDatabase['signInSessions'];

export interface OpenedSession {
  readonly session: SignInSession;
  /** The next, and only valid, token. */
  readonly token: string;
}

export interface SignInSessions {
  create(options: {
    identityId: string;
    deviceThumbprint: string;
    method: SignInSession['method'];
    signerId: string | null;
    mfaAtMs: number | null;
    secondSignerId: string | null;
    lifeMs: number;
  }): Promise<OpenedSession>;
  /** Swaps a token for its successor. @throws AppError ERR_TOKEN_INVALID, ERR_SESSION_ENDED */
  use(token: string, deviceThumbprint: string): Promise<OpenedSession>;
  /**
   * The session of a token, which stays good: for requests that prove the device key and that may fail.
   * @throws AppError ERR_TOKEN_INVALID, ERR_SESSION_ENDED
   */
  check(token: string, deviceThumbprint: string): Promise<SignInSession>;
  /** The live session, or `undefined`. */
  find(id: string): Promise<SignInSession | undefined>;
  /** Ties a grant of the OIDC provider to a session. */
  linkGrant(grantId: string, sessionId: string): Promise<void>;
  /** The live session a grant belongs to, or `undefined`. */
  findByGrant(grantId: string): Promise<SignInSession | undefined>;
  /** Ends every session of this person on this device. */
  endDevice(session: Pick<SignInSession, 'identityId' | 'deviceThumbprint'>): Promise<void>;
  /** The live sessions of an identity, the latest used first. */
  ofIdentity(identityId: string): Promise<SignInSession[]>;
  /** Ends one session of an identity; false when it has no such session. */
  endOne(identityId: string, id: string): Promise<boolean>;
  /** Notes what a device's browser calls itself and where it comes from, for its owner's eyes. */
  noteDevice(
    deviceThumbprint: string,
    seen: { userAgent: string | null; address: string | null },
  ): Promise<void>;
  /** Notes that a session proved a second factor. */
  noteFactor(id: string, atMs: number): Promise<void>;
  endIdentity(identityId: string): Promise<void>;
  /** Ends the sessions of identities that are disabled or gone. */
  endOrphans(): Promise<void>;
  /** Deletes what expired by itself. */
  sweep(): Promise<void>;
}

type SignInDb = Kysely<Database & SignInDatabase> | Transaction<Database & SignInDatabase>;

const hashToken = (token: string): string => createHash('sha256').update(token).digest('base64url');
const newToken = (): string => randomBytes(32).toString('base64url');

/**
 * Ends sessions with all that hangs on them. For `lifeMs` routers and connectors are kept from
 * taking the tokens that are still about.
 */
export async function endSignInSessions(
  tx: WriteTx,
  sessions: readonly Pick<SignInSession, 'id'>[],
  { nowMs, lifeMs }: { nowMs: number; lifeMs: number },
): Promise<void> {
  const db = tx.db.withTables<SignInDatabase>();
  for (const { id } of sessions) {
    const grants = db.selectFrom('signInGrants').select('grantHash').where('sessionId', '=', id);
    await db.deleteFrom('oidcPayloads').where('grantHash', 'in', grants).execute();
    await db
      .deleteFrom('oidcPayloads')
      .where('model', '=', 'Grant')
      .where('idHash', 'in', grants)
      .execute();
    await db.deleteFrom('signInGrants').where('sessionId', '=', id).execute();
    await db.deleteFrom('signInTokens').where('sessionId', '=', id).execute();
    await db.deleteFrom('signInSessions').where('id', '=', id).execute();
    await revoke(tx, { id, type: 'API_SESSION', nowMs, lifeMs });
  }
}

export function createSignInSessions(
  ctx: Pick<ControllerContext, 'config' | 'store' | 'clock' | 'logger'>,
): SignInSessions {
  const reader = ctx.store.db.withTables<SignInDatabase>();
  const revocationMs =
    APP_TOKEN_SECONDS * 1000 + ctx.config.sessions.outageMinutes * 60_000 + 60_000;

  const addToken = async (db: SignInDb, sessionId: string): Promise<string> => {
    const token = newToken();
    await db
      .insertInto('signInTokens')
      .values({ tokenHash: hashToken(token), sessionId, spent: 0 })
      .execute();
    return token;
  };

  const end = async (tx: WriteTx, sessions: readonly SignInSession[]): Promise<void> => {
    await endSignInSessions(tx, sessions, { nowMs: ctx.clock(), lifeMs: revocationMs });
    for (const { id, identityId } of sessions)
      ctx.logger.info('signIn.sessionEnded', { sessionId: id, identityId });
  };

  /** The live session of an unspent token; a spent one ends its session. */
  const sessionOf = async (
    tx: WriteTx,
    token: string,
    deviceThumbprint: string,
  ): Promise<SignInSession | AppError> => {
    const found = await tx.db
      .withTables<SignInDatabase>()
      .selectFrom('signInTokens')
      .innerJoin('signInSessions', 'signInSessions.id', 'signInTokens.sessionId')
      .selectAll('signInSessions')
      .select('spent')
      .where('tokenHash', '=', hashToken(token))
      .executeTakeFirst();
    if (!found || !live(found)) return invalidToken('session token is unknown or expired');
    const { spent, ...session } = found;
    if (session.deviceThumbprint !== deviceThumbprint)
      return invalidToken('session token is bound to another key');
    if (spent === 0) return session;
    ctx.logger.warn('signIn.spentTokenReused', { sessionId: session.id });
    await end(tx, [session]);
    return new AppError('ERR_SESSION_ENDED', 'a spent session token was used again', {
      status: 401,
    });
  };

  /** Errors are returned inside the transaction and thrown after it: ending a session must be committed. */
  const settled = async <T>(work: (tx: WriteTx) => Promise<T | AppError>): Promise<T> => {
    const outcome = await ctx.store.write(work);
    if (outcome instanceof AppError) throw outcome;
    return outcome;
  };

  const live = (session: SignInSession | undefined): SignInSession | undefined =>
    session && session.expiresAtMs > ctx.clock() ? session : undefined;

  return {
    create: ({ lifeMs, ...owner }) =>
      ctx.store.write(async (tx) => {
        const db = tx.db.withTables<SignInDatabase>();
        const now = ctx.clock();
        const session: SignInSession = {
          id: randomUUID(),
          ...owner,
          createdAtMs: now,
          expiresAtMs: now + lifeMs,
          lastUsedAtMs: now,
          userAgent: null,
          address: null,
        };
        await db.insertInto('signInSessions').values(session).execute();
        tx.record({
          actor: {
            ...currentActor(),
            kind: 'identity',
            id: owner.identityId,
            sessionId: session.id,
          },
          action: 'authenticate',
          reason: owner.method,
          entityKind: 'signInSessions',
          entityId: session.id,
        });
        return { session, token: await addToken(db, session.id) };
      }),

    use: (token, deviceThumbprint) =>
      settled(async (tx) => {
        const session = await sessionOf(tx, token, deviceThumbprint);
        if (session instanceof AppError) return session;
        const db = tx.db.withTables<SignInDatabase>();
        await db
          .updateTable('signInTokens')
          .set({ spent: 1 })
          .where('tokenHash', '=', hashToken(token))
          .execute();
        await db
          .updateTable('signInSessions')
          .set({ lastUsedAtMs: ctx.clock() })
          .where('id', '=', session.id)
          .execute();
        return { session, token: await addToken(db, session.id) };
      }),

    check: (token, deviceThumbprint) => settled((tx) => sessionOf(tx, token, deviceThumbprint)),

    find: async (id) =>
      live(
        await reader
          .selectFrom('signInSessions')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirst(),
      ),

    linkGrant: (grantId, sessionId) =>
      ctx.store.write(async (tx) => {
        await tx.db
          .withTables<SignInDatabase>()
          .insertInto('signInGrants')
          .values({ grantHash: hashId(grantId), sessionId })
          .execute();
      }),

    findByGrant: async (grantId) =>
      live(
        await reader
          .selectFrom('signInGrants')
          .innerJoin('signInSessions', 'signInSessions.id', 'signInGrants.sessionId')
          .selectAll('signInSessions')
          .where('grantHash', '=', hashId(grantId))
          .executeTakeFirst(),
      ),

    endDevice: ({ identityId, deviceThumbprint }) =>
      ctx.store.write(async (tx) => {
        const sessions = await tx.db
          .withTables<SignInDatabase>()
          .selectFrom('signInSessions')
          .selectAll()
          .where('identityId', '=', identityId)
          .where('deviceThumbprint', '=', deviceThumbprint)
          .execute();
        await end(tx, sessions);
      }),

    ofIdentity: async (identityId) =>
      reader
        .selectFrom('signInSessions')
        .selectAll()
        .where('identityId', '=', identityId)
        .where('expiresAtMs', '>', ctx.clock())
        .orderBy('lastUsedAtMs', 'desc')
        .limit(1000)
        .orderBy('id')
        .execute(),

    endOne: (identityId, id) =>
      ctx.store.write(async (tx) => {
        const sessions = await tx.db
          .withTables<SignInDatabase>()
          .selectFrom('signInSessions')
          .selectAll()
          .where('identityId', '=', identityId)
          .where('id', '=', id)
          .execute();
        await end(tx, sessions);
        return sessions.length > 0;
      }),

    noteDevice: (deviceThumbprint, seen) =>
      ctx.store.write(async (tx) => {
        await tx.db
          .withTables<SignInDatabase>()
          .updateTable('signInSessions')
          .set(seen)
          .where('deviceThumbprint', '=', deviceThumbprint)
          .execute();
      }),

    noteFactor: (id, mfaAtMs) =>
      ctx.store.write(async (tx) => {
        await tx.db
          .withTables<SignInDatabase>()
          .updateTable('signInSessions')
          .set({ mfaAtMs })
          .where('id', '=', id)
          .execute();
      }),

    endIdentity: (identityId) =>
      ctx.store.write(async (tx) => {
        const sessions = await tx.db
          .withTables<SignInDatabase>()
          .selectFrom('signInSessions')
          .selectAll()
          .where('identityId', '=', identityId)
          .execute();
        await end(tx, sessions);
      }),

    endOrphans: () =>
      ctx.store.write(async (tx) => {
        const sessions = await tx.db
          .withTables<SignInDatabase>()
          .selectFrom('signInSessions')
          .leftJoin('identities', 'identities.id', 'signInSessions.identityId')
          .selectAll('signInSessions')
          .where((where) =>
            where.or([
              where('identities.id', 'is', null),
              where('identities.disabledAt', 'is not', null),
            ]),
          )
          .execute();
        await end(tx, sessions);
      }),

    sweep: () =>
      ctx.store.write(async (tx) => {
        const db = tx.db.withTables<SignInDatabase>();
        const now = ctx.clock();
        const expired = db
          .selectFrom('signInSessions')
          .select('id')
          .where('expiresAtMs', '<=', now);
        await db.deleteFrom('signInTokens').where('sessionId', 'in', expired).execute();
        await db.deleteFrom('signInGrants').where('sessionId', 'in', expired).execute();
        await db.deleteFrom('signInSessions').where('expiresAtMs', '<=', now).execute();
      }),
  };
}

const invalidToken = (message: string): AppError =>
  new AppError('ERR_TOKEN_INVALID', message, { status: 401 });
