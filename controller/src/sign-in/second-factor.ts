/** What a sign-in has still to prove, by the identity's auth policy, and the steps in between. */
import { randomBytes } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import type { SecondFactor } from '@postern/shared/schemas';
import { findMfa, startMfa } from '../auth/mfa.ts';
import { qrCodePath } from '../auth/totp.ts';
import type { ControllerContext } from '../context.ts';
import type { AuthPolicy } from '../model/auth-policies.ts';
import type { Identity } from '../model/identities.ts';
import type { PayloadStore } from '../oidc/payload-store.ts';
import { repositories } from '../store/repositories.ts';
import { externalMethod } from './login-methods.ts';
import type { Passkeys } from './passkeys.ts';
import type { SignInSession } from './sessions.ts';

const STEP_SECONDS = 15 * 60;
const MODEL = 'SignInStep';

/** A sign-in whose first factor is proved. */
export type PendingSignIn = Pick<
  SignInSession,
  'identityId' | 'deviceThumbprint' | 'method' | 'signerId' | 'mfaAtMs' | 'secondSignerId'
> & { readonly uid: string };

export interface SecondFactors {
  /** What to ask for next, with a step that stands for what was proved; nothing: all is proved. */
  next(pending: PendingSignIn, identity: Identity): Promise<SecondFactor | undefined>;
  /** What a step stands for. @throws AppError ERR_LOGIN_STEP_INVALID */
  open(step: string, uid: string, deviceThumbprint: string): Promise<PendingSignIn>;
  /** Spends a step whose proof was given. @throws AppError ERR_LOGIN_STEP_INVALID */
  close(step: string): Promise<void>;
  /** Whether a session has proved all that the policy asks for today. */
  isSatisfied(
    session: Pick<SignInSession, 'identityId' | 'mfaAtMs' | 'secondSignerId'>,
    identity: Identity,
  ): Promise<boolean>;
}

export function createSecondFactors(
  ctx: Pick<ControllerContext, 'store' | 'clock' | 'sealer' | 'config'>,
  payloads: PayloadStore,
  passkeys: Passkeys,
): SecondFactors {
  const owed = async (
    { mfaAtMs, secondSignerId }: Pick<SignInSession, 'mfaAtMs' | 'secondSignerId'>,
    identity: Identity,
  ) => {
    const policy = await policyOf(ctx, identity);
    const hasTotp = (await findMfa(ctx, identity.id))?.isVerified ?? false;
    const signerId = policy.secondary.requireExtJwtSigner;
    return {
      policy,
      hasTotp,
      totp: mfaAtMs === null && (hasTotp || policy.secondary.requireTotp),
      signerId: signerId === null || signerId === secondSignerId ? undefined : signerId,
    };
  };

  const totpFactor = async (
    identity: Identity,
    hasTotp: boolean,
    policy: AuthPolicy,
  ): Promise<SecondFactor['factor']> => {
    const passkey = acceptsPasskey(policy) && (await passkeys.of(identity.id)).length > 0;
    if (hasTotp || passkey) return { type: 'totp', code: hasTotp, passkey };
    const { secret, provisioningUrl, recoveryCodes } = await startMfa(ctx, identity);
    const qr = qrCodePath(provisioningUrl);
    return {
      type: 'totp',
      code: true,
      passkey: false,
      setup: { secret, provisioningUrl, qr, recoveryCodes: [...recoveryCodes] },
    };
  };

  return {
    next: async (pending, identity) => {
      const { totp, signerId, hasTotp, policy } = await owed(pending, identity);
      if (!totp && signerId === undefined) return undefined;
      const step = randomBytes(32).toString('base64url');
      await payloads.put(MODEL, step, { ...pending }, STEP_SECONDS);
      if (totp) return { step, factor: await totpFactor(identity, hasTotp, policy) };
      const signer = await repositories.externalJwtSigners.get(ctx.store.db, signerId ?? '');
      if (!signer?.enabled || signer.clientId === '')
        throw new AppError(
          'ERR_LOGIN_SECOND_FACTOR',
          'the second identity provider is not set up',
          {
            status: 403,
            publicMessage: 'Your account needs a second identity provider that is not set up here.',
          },
        );
      return { step, factor: externalMethod(signer) };
    },

    open: async (step, uid, deviceThumbprint) => {
      const known = (await payloads.find(MODEL, step)) as unknown as
        (PendingSignIn & { consumed?: number }) | undefined;
      const isOurs =
        known !== undefined &&
        known.consumed === undefined &&
        known.uid === uid &&
        known.deviceThumbprint === deviceThumbprint;
      if (!isOurs) throw stepInvalid();
      const { consumed: _, ...pending } = known;
      return pending;
    },

    close: async (step) => {
      if (!(await payloads.consume(MODEL, step))) throw stepInvalid();
    },

    isSatisfied: async (session, identity) => {
      const { totp, signerId } = await owed(session, identity);
      return !totp && signerId === undefined;
    },
  };
}

/** A passkey counts as the second factor unless the policy says otherwise. */
export function acceptsPasskey({ secondary }: Pick<AuthPolicy, 'secondary'>): boolean {
  return secondary.acceptPasskey ?? true;
}

/** @throws AppError ERR_LOGIN_REFUSED */
export async function policyOf(
  { store }: Pick<ControllerContext, 'store'>,
  identity: Identity,
): Promise<AuthPolicy> {
  const policy = await repositories.authPolicies.get(store.db, identity.authPolicyId);
  if (!policy) throw new AppError('ERR_LOGIN_REFUSED', 'no auth policy', { status: 401 });
  return policy;
}

function stepInvalid(): AppError {
  return new AppError('ERR_LOGIN_STEP_INVALID', 'unknown, spent or expired step', {
    status: 401,
    publicMessage: 'This sign-in took too long. Sign in again.',
  });
}
