/** The TOTP factor of an identity: enrolment, verification, recovery codes, removal. */
import { randomInt, timingSafeEqual } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import type { ControllerContext } from '../context.ts';
import { newEntity } from '../model/defaults.ts';
import type { Identity } from '../model/identities.ts';
import type { Mfa } from '../model/second-factors.ts';
import { repositories } from '../store/repositories.ts';
import type { WriteTx } from '../store/store.ts';
import { newTotpSecret, provisioningUrl, stepOf } from './totp.ts';

const RECOVERY_CODES = 20;
const RECOVERY_CODE_LENGTH = 6;
/** No letter or digit that is mistaken for another. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const MAX_BAD_CODES = 10;
const LOCK_MS = 15 * 60_000;

type MfaContext = Pick<ControllerContext, 'store' | 'clock' | 'sealer' | 'config'>;

export interface MfaSecrets {
  readonly secret: string;
  readonly provisioningUrl: string;
  readonly recoveryCodes: readonly string[];
}

export async function findMfa(
  { store }: Pick<ControllerContext, 'store'>,
  identityId: string,
): Promise<Mfa | undefined> {
  return (await repositories.mfas.find(store.db, { identityId }))[0];
}

/** Begins an enrolment; it counts once {@link verifyEnrolment} has seen a code. @throws AppError ERR_MFA_EXISTS */
export async function startMfa(ctx: MfaContext, identity: Identity): Promise<MfaSecrets> {
  const secret = newTotpSecret();
  const recoveryCodes = newRecoveryCodes();
  await ctx.store.write(async (tx) => {
    const [known] = await repositories.mfas.find(tx.db, { identityId: identity.id });
    if (known?.isVerified)
      throw new AppError('ERR_MFA_EXISTS', 'the identity has a second factor already');
    if (known) await repositories.mfas.remove(tx, known.id);
    await repositories.mfas.insert(tx, {
      ...newEntity(ctx.clock()),
      tags: {},
      identityId: identity.id,
      isVerified: false,
      sealedSecret: ctx.sealer.seal(secret),
      sealedRecoveryCodes: ctx.sealer.seal(JSON.stringify(recoveryCodes)),
      lastStep: 0,
      failedAttempts: 0,
      lockedUntil: null,
    });
  });
  return describe(ctx, identity, secret, recoveryCodes);
}

/** What an authenticator app and its owner need to know. */
export function mfaSecrets(ctx: MfaContext, identity: Identity, mfa: Mfa): MfaSecrets {
  return describe(ctx, identity, openSecret(ctx, mfa), openCodes(ctx, mfa));
}

function describe(
  { config }: MfaContext,
  { name }: Identity,
  secret: string,
  recoveryCodes: readonly string[],
): MfaSecrets {
  return {
    secret,
    recoveryCodes,
    provisioningUrl: provisioningUrl(secret, config.trustDomain, name),
  };
}

/** Ends an enrolment with the first code of the app. @throws AppError ERR_MFA_NOT_STARTED, ERR_MFA_CODE_INVALID */
export async function verifyEnrolment(
  ctx: MfaContext,
  identityId: string,
  code: string,
): Promise<void> {
  await check(ctx, identityId, code, { recovery: false, verified: false });
}

/** A TOTP code, or a recovery code, which is spent. @throws AppError ERR_MFA_NOT_STARTED, ERR_MFA_CODE_INVALID */
export async function checkMfa(ctx: MfaContext, identityId: string, code: string): Promise<void> {
  await check(ctx, identityId, code, { recovery: true, verified: true });
}

/** New recovery codes in place of the old ones. */
export async function renewRecoveryCodes(ctx: MfaContext, mfa: Mfa): Promise<void> {
  const sealedRecoveryCodes = ctx.sealer.seal(JSON.stringify(newRecoveryCodes()));
  await ctx.store.write((tx) => repositories.mfas.update(tx, mfa.id, { sealedRecoveryCodes }));
}

/** Removes the factor; sessions that passed it stay as they are. */
export async function removeMfa(tx: WriteTx, identityId: string): Promise<boolean> {
  const [mfa] = await repositories.mfas.find(tx.db, { identityId });
  return mfa !== undefined && repositories.mfas.remove(tx, mfa.id);
}

async function check(
  ctx: MfaContext,
  identityId: string,
  code: string,
  allowed: { recovery: boolean; verified: boolean },
): Promise<void> {
  const nowMs = ctx.clock();
  const accepted = await ctx.store.write(async (tx): Promise<boolean> => {
    const [mfa] = await repositories.mfas.find(tx.db, { identityId });
    if (!mfa || mfa.isVerified !== allowed.verified)
      throw new AppError('ERR_MFA_NOT_STARTED', 'no second factor to prove');
    if (mfa.lockedUntil !== null && Date.parse(mfa.lockedUntil) > nowMs) return false;
    const step = stepOf(openSecret(ctx, mfa), code, nowMs);
    if (step !== undefined && (await takeStep(tx, mfa, step))) return true;
    if (allowed.recovery && (await takeRecoveryCode(tx, ctx, mfa, code))) return true;
    const failedAttempts = mfa.failedAttempts + 1;
    const locks = failedAttempts >= MAX_BAD_CODES;
    await repositories.mfas.update(tx, mfa.id, {
      failedAttempts: locks ? 0 : failedAttempts,
      lockedUntil: locks ? new Date(nowMs + LOCK_MS).toISOString() : null,
    });
    return false;
  });
  // Thrown outside the transaction: the count of bad codes must be committed.
  if (!accepted) throw new AppError('ERR_MFA_CODE_INVALID', 'the code was not accepted');
}

/** Spends a time step: a code seen before, and any older one, is refused (RFC 6238 §5.2). */
async function takeStep(tx: WriteTx, mfa: Mfa, step: number): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('mfas')
    .set({ lastStep: step, isVerified: 1, failedAttempts: 0, lockedUntil: null })
    .where('id', '=', mfa.id)
    .where('lastStep', '<', step)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

async function takeRecoveryCode(
  tx: WriteTx,
  ctx: MfaContext,
  mfa: Mfa,
  code: string,
): Promise<boolean> {
  const codes = openCodes(ctx, mfa);
  const left = codes.filter((known) => !isEqual(known, code.toLowerCase()));
  if (left.length === codes.length) return false;
  await repositories.mfas.update(tx, mfa.id, {
    sealedRecoveryCodes: ctx.sealer.seal(JSON.stringify(left)),
    failedAttempts: 0,
  });
  return true;
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function openSecret({ sealer }: MfaContext, { sealedSecret }: Mfa): string {
  return sealer.open(sealedSecret ?? '');
}

function openCodes({ sealer }: MfaContext, { sealedRecoveryCodes }: Mfa): string[] {
  return JSON.parse(sealer.open(sealedRecoveryCodes ?? '')) as string[];
}

function newRecoveryCodes(): string[] {
  const codes = new Set<string>();
  while (codes.size < RECOVERY_CODES) {
    codes.add(
      Array.from({ length: RECOVERY_CODE_LENGTH }, () =>
        ALPHABET.charAt(randomInt(ALPHABET.length)),
      ).join(''),
    );
  }
  return [...codes];
}
