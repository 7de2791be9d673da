/**
 * The controller's ES256 signing keys by use: private parts in files, public parts in the store and,
 * by the change log, at every router and connector. Of several controllers each has keys of its own,
 * and all accept what any of them signed.
 */
import { join } from 'node:path';
import type { KeyUse, VerificationKey } from '@postern/shared/grants';
import { publicJwkSchema } from '@postern/shared/schemas';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type CryptoKey,
} from 'jose';
import type { ControllerContext } from '../context.ts';
import type { SignInDatabase } from '../sign-in/tables.ts';
import { openKeyFiles, privateJwkSchema, type KeyFiles, type PrivateJwk } from './key-files.ts';
import {
  abandonedKeys,
  needsSuccessor,
  PUBLISH_AHEAD_MS,
  retiredKeys,
  signingKeyAt,
  type ScheduledKey,
} from './key-schedule.ts';

export interface SigningKey extends VerificationKey, ScheduledKey {
  readonly privateKey: CryptoKey;
  /** For the OIDC provider, which wants its keys as JWK. */
  readonly privateJwk: PrivateJwk;
}

export interface SigningKeys {
  /** The key that signs now. */
  current(use: KeyUse): SigningKey;
  /** The keys of this use that this controller signs or signed with, or will. */
  own(use: KeyUse): SigningKey[];
  /** Every key of this use whose signatures are still accepted, or will be. */
  all(use: KeyUse): VerificationKey[];
  /**
   * Makes a successor at once. It signs once all verifiers know it; or, when the present keys are
   * compromised, from now on, and what they signed, at any controller, is refused everywhere.
   */
  rotate(use: KeyUse, options?: { isCompromised?: boolean }): Promise<void>;
  /** Called after keys were added or removed. */
  onChange(listener: () => void): () => void;
  close(): void;
}

const USES: readonly KeyUse[] = ['token', 'grant', 'assertion', 'session'];
const CHECK_INTERVAL_MS = 60_000;

/** Loads the keys, making what is missing or due. `issuerOf` tells the `iss` of what a use signs. */
export async function openSigningKeys(
  ctx: Pick<ControllerContext, 'config' | 'store' | 'clock' | 'logger'>,
  issuerOf: (use: KeyUse) => string,
): Promise<SigningKeys> {
  const files = await openKeyFiles(join(ctx.config.dataDir, 'keys'));
  const outageMs = ctx.config.sessions.outageMinutes * 60_000;
  const listeners = new Set<() => void>();
  /** Keys made here, which the change log tells of before they are used. */
  const written = new Set<string>();
  /** Keys that this controller itself took away. */
  const removing = new Set<string>();
  let { keys, foreign } = await load(ctx, files);

  const add = async (use: KeyUse, activeAtMs: number): Promise<void> => {
    const issuer = issuerOf(use);
    const key = await generate(use, issuer, activeAtMs);
    await files.write(key.kid, key.privateJwk);
    const { kid, jwk } = key;
    written.add(kid);
    await ctx.store.write(async (tx) => {
      await tx.db
        .withTables<SignInDatabase>()
        .insertInto('signingKeys')
        .values({ kid, use, issuer, jwk: JSON.stringify(jwk), activeAtMs })
        .execute();
      tx.change({ op: 'put', kind: 'signingKey', value: { kid, use, issuer, jwk } });
      tx.record({ action: 'create', entityKind: 'signingKeys', entityId: kid, details: { use } });
    });
    keys = [...keys, key];
    ctx.logger.info('keys.added', { use, kid, activeAtMs });
  };

  const forget = (kid: string): Promise<void> =>
    ctx.store.write(async (tx) => {
      await tx.db
        .withTables<SignInDatabase>()
        .deleteFrom('signingKeys')
        .where('kid', '=', kid)
        .execute();
      tx.change({ op: 'delete', kind: 'signingKey', key: kid });
      tx.record({ action: 'delete', entityKind: 'signingKeys', entityId: kid });
    });

  const remove = async (key: SigningKey): Promise<void> => {
    removing.add(key.kid);
    await forget(key.kid);
    keys = keys.filter((other) => other !== key);
    await files.remove(key.kid);
    ctx.logger.info('keys.removed', { use: key.use, kid: key.kid });
  };

  const maintain = async (): Promise<void> => {
    const before = keys;
    // Keys of another issuer (the public URL was changed) verify old tokens only until they retire.
    for (const use of USES) {
      const own = keys.filter((key) => key.issuer === issuerOf(use));
      const now = ctx.clock();
      if (!own.some((key) => key.use === use)) await add(use, now);
      else if (needsSuccessor(own, use, now)) await add(use, now + PUBLISH_AHEAD_MS);
    }
    for (const key of retiredKeys(keys, ctx.clock(), outageMs)) await remove(key);
    for (const { kid } of abandonedKeys(foreign, ctx.clock(), outageMs)) await forget(kid);
    if (keys !== before) for (const listener of listeners) listener();
  };

  /** Another controller had every key of this use forgotten: ours is compromised too. */
  const replaceForgotten = (key: SigningKey): void => {
    removing.add(key.kid);
    const replace = async (): Promise<void> => {
      await add(key.use, ctx.clock());
      keys = keys.filter((other) => other !== key);
      await files.remove(key.kid);
      for (const listener of listeners) listener();
    };
    replace().catch((error: unknown) => {
      ctx.logger.error('keys.replacementFailed', { error });
    });
  };

  // Keys of other controllers come and go by the change log.
  const unsubscribe = ctx.store.changes.subscribe(({ changes }) => {
    for (const change of changes) {
      if (change.kind !== 'signingKey') continue;
      const kid = change.op === 'put' ? change.value.kid : change.key;
      foreign = foreign.filter((key) => key.kid !== kid);
      const own = change.op === 'delete' ? keys.find((key) => key.kid === kid) : undefined;
      if (own && !removing.has(kid)) replaceForgotten(own);
      if (change.op === 'put' && !written.has(kid))
        foreign.push({ ...change.value, activeAtMs: ctx.clock() });
    }
  });
  await maintain();
  const timer = setInterval(() => {
    maintain().catch((error: unknown) => {
      ctx.logger.error('keys.maintenanceFailed', { error });
    });
  }, CHECK_INTERVAL_MS);
  timer.unref();

  return {
    current: (use) => {
      const own = keys.filter((key) => key.issuer === issuerOf(use));
      const key = signingKeyAt(own, use, ctx.clock());
      if (!key) throw new Error(`no ${use} key`);
      return key;
    },
    own: (use) => keys.filter((key) => key.use === use),
    all: (use) => [...keys, ...foreign].filter((key) => key.use === use),
    rotate: async (use, { isCompromised = false } = {}) => {
      const before = [...keys, ...foreign].filter((key) => key.use === use);
      await add(use, ctx.clock() + (isCompromised ? 0 : PUBLISH_AHEAD_MS));
      if (isCompromised) {
        for (const { kid } of before) {
          const own = keys.find((key) => key.kid === kid);
          await (own ? remove(own) : forget(kid));
        }
        foreign = foreign.filter((key) => !before.includes(key));
      }
      for (const listener of listeners) listener();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      unsubscribe();
      clearInterval(timer);
    },
  };
}

async function load(
  ctx: Pick<ControllerContext, 'store'>,
  files: KeyFiles,
): Promise<{ keys: SigningKey[]; foreign: (VerificationKey & ScheduledKey)[] }> {
  const rows = await ctx.store.db
    .withTables<SignInDatabase>()
    .selectFrom('signingKeys')
    .selectAll()
    .execute();
  const keys: SigningKey[] = [];
  const foreign: (VerificationKey & ScheduledKey)[] = [];
  for (const { kid, use, issuer, jwk, activeAtMs } of rows) {
    const privateJwk = await files.read(kid);
    const key = { kid, use, issuer, jwk: publicJwkSchema.parse(JSON.parse(jwk)), activeAtMs };
    // Another controller's, or one whose file is lost: its signatures stay verifiable.
    if (!privateJwk) foreign.push(key);
    else keys.push({ ...key, privateJwk, privateKey: await importPrivate(privateJwk) });
  }
  return { keys, foreign };
}

async function generate(use: KeyUse, issuer: string, activeAtMs: number): Promise<SigningKey> {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const { kty, crv, x, y, d } = await exportJWK(pair.privateKey);
  const privateJwk = privateJwkSchema.parse({ kty, crv, x, y, d });
  const kid = await calculateJwkThumbprint(privateJwk);
  const jwk = publicJwkSchema.parse({ kty, crv, x, y, kid, alg: 'ES256', use: 'sig' });
  return {
    kid,
    use,
    issuer,
    jwk,
    activeAtMs,
    privateJwk,
    privateKey: await importPrivate(privateJwk),
  };
}

/** As a non-extractable key: what holds it can sign, not copy. */
function importPrivate(jwk: PrivateJwk): Promise<CryptoKey> {
  return importJWK(jwk, 'ES256', { extractable: false });
}
