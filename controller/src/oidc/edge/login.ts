/** The login endpoints of Edge clients: the same proofs as `POST /authenticate`, one request at a time. */
import { isAppError } from '@postern/shared/errors';
import { outstandingQueries, type AuthQuery } from '../../auth/auth-queries.ts';
import type { Proven } from '../../auth/authentication.ts';
import { loginByCertificate } from '../../auth/certificate-login.ts';
import type { PeerCertificate } from '../../auth/client-certificate.ts';
import { loginByExternalJwt } from '../../auth/external-jwt-login.ts';
import { checkMfa, startMfa, removeMfa, verifyEnrolment, type MfaSecrets } from '../../auth/mfa.ts';
import type { ControllerContext } from '../../context.ts';
import { isDisabled } from '../../model/identities.ts';
import { fingerprintOf } from '../../pki/certificates.ts';
import { repositories } from '../../store/repositories.ts';
import type { AuthRequests, LoginProof } from './auth-requests.ts';

/** What a login request shows. */
export interface LoginInput {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly bearers: readonly string[];
  readonly peer: PeerCertificate | undefined;
  readonly address: string;
}

export type LoginMethod = 'password' | 'cert' | 'ext-jwt';
/** `undefined`: refused. An empty list: all is proved. */
export type LoginOutcome = readonly AuthQuery[] | undefined;

export interface EdgeLogin {
  prove(id: string, method: LoginMethod, input: LoginInput): Promise<LoginOutcome>;
  totp(id: string, code: string, bearers: readonly string[]): Promise<LoginOutcome>;
  queries(id: string, bearers: readonly string[]): Promise<LoginOutcome>;
  /** Begins to set up an authenticator app for who needs one to get in. */
  enroll(id: string): Promise<MfaSecrets | undefined>;
  cancelEnrolment(id: string): Promise<boolean>;
  verifyEnrolment(id: string, code: string, bearers: readonly string[]): Promise<LoginOutcome>;
}

export function createEdgeLogin(ctx: ControllerContext, requests: AuthRequests): EdgeLogin {
  const provenBy = (method: LoginMethod, input: LoginInput): Promise<Proven | undefined> => {
    switch (method) {
      case 'password':
        return ctx.auth.verifyPassword(input.username ?? '', input.password ?? '');
      case 'cert':
        return loginByCertificate(ctx, input.peer);
      case 'ext-jwt':
        return loginByExternalJwt(ctx, input.bearers);
    }
  };

  /** Notes a proof, and what is left after it. */
  const note = async (
    id: string,
    proof: Omit<LoginProof, 'isComplete'>,
    bearers: readonly string[],
  ): Promise<LoginOutcome> => {
    const found = await ownerOf(ctx, proof.identityId);
    if (!found) return undefined;
    const queries = await outstandingQueries(ctx, found.identity, found.policy, proof, bearers);
    await requests.prove(id, { ...proof, isComplete: queries.length === 0 });
    return queries;
  };

  const provedSoFar = async (id: string): Promise<LoginProof | undefined> =>
    (await requests.get(id)).proof;

  const byCode = async (
    id: string,
    bearers: readonly string[],
    check: (identityId: string) => Promise<void>,
  ): Promise<LoginOutcome> => {
    const proof = await provedSoFar(id);
    if (!proof) return undefined;
    try {
      await check(proof.identityId);
    } catch (error) {
      if (isAppError(error)) return undefined;
      throw error;
    }
    return note(id, { ...proof, mfaPassedAt: new Date(ctx.clock()).toISOString() }, bearers);
  };

  /** Setting up is for who owes a first factor of this kind, and nothing else before it. */
  const mayEnroll = async (id: string) => {
    const proof = await provedSoFar(id);
    const found = proof && (await ownerOf(ctx, proof.identityId));
    if (!found) return undefined;
    const [query, ...others] = await outstandingQueries(
      ctx,
      found.identity,
      found.policy,
      proof,
      [],
    );
    return query?.typeId === 'MFA' && !query.isTotpEnrolled && others.length === 0
      ? found.identity
      : undefined;
  };

  return {
    prove: async (id, method, input) => {
      await requests.get(id);
      const proven = await provenBy(method, input);
      if (!proven) return undefined;
      return note(
        id,
        {
          identityId: proven.identity.id,
          authenticatorId: proven.authenticatorId,
          mfaPassedAt: null,
          certificates: input.peer ? [fingerprintOf(input.peer.leaf.raw)] : [],
          address: input.address,
        },
        input.bearers,
      );
    },

    totp: (id, code, bearers) =>
      byCode(id, bearers, (identityId) => checkMfa(ctx, identityId, code)),

    verifyEnrolment: async (id, code, bearers) =>
      (await mayEnroll(id))
        ? byCode(id, bearers, (identityId) => verifyEnrolment(ctx, identityId, code))
        : undefined,

    queries: async (id, bearers) => {
      const proof = await provedSoFar(id);
      return proof && note(id, proof, bearers);
    },

    enroll: async (id) => {
      const identity = await mayEnroll(id);
      return identity && startMfa(ctx, identity);
    },

    cancelEnrolment: async (id) => {
      const identity = await mayEnroll(id);
      return identity !== undefined && ctx.store.write((tx) => removeMfa(tx, identity.id));
    },
  };
}

async function ownerOf({ store, clock }: ControllerContext, identityId: string) {
  const identity = await repositories.identities.get(store.db, identityId);
  if (!identity || isDisabled(identity, clock())) return undefined;
  const policy = await repositories.authPolicies.get(store.db, identity.authPolicyId);
  return policy && { identity, policy };
}
