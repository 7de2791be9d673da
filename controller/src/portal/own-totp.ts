/** A signed-in person's own authenticator app: set up, proved, taken away. */
import { AppError, isAppError } from '@postern/shared/errors';
import type { OwnTotp } from '@postern/shared/schemas';
import {
  checkMfa,
  findMfa,
  mfaSecrets,
  removeMfa,
  renewRecoveryCodes,
  startMfa,
  verifyEnrolment,
} from '../auth/mfa.ts';
import { qrCodePath } from '../auth/totp.ts';
import type { ControllerContext } from '../context.ts';
import type { Identity } from '../model/identities.ts';
import type { SignInSession, SignInSessions } from '../sign-in/sessions.ts';

/** Whose it is, and by which session; both were checked. */
export interface Owner {
  readonly identity: Identity;
  readonly session: SignInSession;
}

export interface OwnTotpService {
  state(owner: Owner): Promise<OwnTotp>;
  /** Makes a new secret; counts once {@link verify} saw a code. @throws AppError ERR_MFA_EXISTS (409) */
  begin(owner: Owner): Promise<OwnTotp>;
  /** @throws AppError ERR_TOTP_REFUSED (403) */
  verify(owner: Owner, code: string): Promise<OwnTotp>;
  /** @throws AppError ERR_TOTP_REFUSED (403) */
  remove(owner: Owner, code: string): Promise<OwnTotp>;
  /** New recovery codes in place of the old ones. @throws AppError ERR_TOTP_REFUSED (403) */
  renewRecoveryCodes(owner: Owner, code: string): Promise<OwnTotp>;
}

export function createOwnTotp(
  ctx: Pick<ControllerContext, 'store' | 'clock' | 'sealer' | 'config'>,
  sessions: Pick<SignInSessions, 'noteFactor'>,
): OwnTotpService {
  const state = async ({ identity }: Owner): Promise<OwnTotp> => {
    const mfa = await findMfa(ctx, identity.id);
    const isSetUp = mfa?.isVerified === true;
    return {
      isSetUp,
      recoveryCodesLeft: isSetUp ? mfaSecrets(ctx, identity, mfa).recoveryCodes.length : 0,
    };
  };
  return {
    state,
    begin: async (owner) => {
      const { recoveryCodes, ...secrets } = await startMfa(ctx, owner.identity).catch(publicly);
      return {
        ...(await state(owner)),
        setup: {
          ...secrets,
          qr: qrCodePath(secrets.provisioningUrl),
          recoveryCodes: [...recoveryCodes],
        },
      };
    },
    verify: async (owner, code) => {
      await verifyEnrolment(ctx, owner.identity.id, code).catch(publicly);
      // Without it, the session that set it up would owe the factor from then on.
      await sessions.noteFactor(owner.session.id, ctx.clock());
      return state(owner);
    },
    remove: async (owner, code) => {
      await checkMfa(ctx, owner.identity.id, code).catch(publicly);
      await ctx.store.write((tx) => removeMfa(tx, owner.identity.id));
      return state(owner);
    },
    renewRecoveryCodes: async (owner, code) => {
      await checkMfa(ctx, owner.identity.id, code).catch(publicly);
      const mfa = await findMfa(ctx, owner.identity.id);
      if (!mfa) throw refused();
      await renewRecoveryCodes(ctx, mfa);
      const renewed = await findMfa(ctx, owner.identity.id);
      return {
        ...(await state(owner)),
        ...(renewed && {
          recoveryCodes: [...mfaSecrets(ctx, owner.identity, renewed).recoveryCodes],
        }),
      };
    },
  };
}

/** What the portal is told of an error of the factor. */
function publicly(cause: unknown): never {
  if (!isAppError(cause)) throw cause;
  if (cause.code === 'ERR_MFA_EXISTS')
    throw new AppError('ERR_MFA_EXISTS', cause.message, { status: 409, cause });
  if (cause.code === 'ERR_MFA_CODE_INVALID' || cause.code === 'ERR_MFA_NOT_STARTED')
    throw refused(cause);
  throw cause;
}

/** Not 401: that would mean that the session has ended. */
function refused(cause?: unknown): AppError {
  return new AppError('ERR_TOTP_REFUSED', 'the code was not accepted', { status: 403, cause });
}
