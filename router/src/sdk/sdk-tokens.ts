/** The tokens that SDKs of OpenZiti show, all signed by a controller's `session` key. */
import { decodeUtf8 } from '@postern/shared/bytes';
import { AppError } from '@postern/shared/errors';
import {
  claimedService,
  verifyServiceToken,
  verifySessionToken,
  type ServiceTokenClaims,
} from '@postern/shared/grants';
import type { ProgramIdentity } from '@postern/node/tls';
import type { RouterState } from '../state/router-state.ts';
import type { SdkPeer, SdkSession } from './sdk-peer.ts';

/**
 * The session a Hello or a renewal stands for. The token must be about the identity whose certificate the
 * handshake proved, and about its session if the certificate is for one.
 *
 * @throws AppError `ERR_TOKEN_INVALID`
 */
export async function verifySdkSession(
  token: string,
  { identityId, apiSessionId }: Omit<ProgramIdentity, 'trustDomain'>,
  state: RouterState,
): Promise<SdkSession> {
  const claims = await verifySessionToken(token, { keys: state, time: state.tokenTime });
  if (claims.sub !== identityId || (apiSessionId ?? claims.z_asid) !== claims.z_asid)
    throw new AppError('ERR_TOKEN_INVALID', 'the token is not about who the certificate is about');
  return {
    identityId,
    sessionId: claims.z_asid,
    tokenId: claims.jti,
    claims: { exp: claims.exp, out: claims.out },
  };
}

/** The service a dial is for, as its token says: nothing is verified. @throws AppError `ERR_GRANT_INVALID` */
export function serviceOf(token: Uint8Array): string {
  return claimedService(decodeUtf8(token));
}

/** @throws AppError `ERR_GRANT_INVALID` */
export function verifySdkDial(
  { identityId, sessionId }: Pick<SdkSession, 'identityId' | 'sessionId'>,
  token: Uint8Array,
  state: RouterState,
): Promise<ServiceTokenClaims> {
  return verify({ identityId, sessionId }, 'Dial', token, state);
}

/** A binding, as the bind table keeps it. @throws AppError `ERR_GRANT_INVALID` */
export async function verifySdkBind(
  { session }: SdkPeer,
  token: Uint8Array,
  state: RouterState,
  serviceId?: string,
): Promise<{ svc: string; exp: number; out: number }> {
  const { sub, exp, out } = await verify(session, 'Bind', token, state, serviceId);
  return { svc: sub, exp, out };
}

async function verify(
  { identityId, sessionId }: Pick<SdkSession, 'identityId' | 'sessionId'>,
  type: ServiceTokenClaims['z_st'],
  token: Uint8Array,
  state: RouterState,
  serviceId?: string,
): Promise<ServiceTokenClaims> {
  const claims = await verifyServiceToken(decodeUtf8(token), {
    keys: state,
    time: state.tokenTime,
    type,
    identityId,
    sessionId,
    ...(serviceId !== undefined && { serviceId }),
  });
  if (state.isRevoked(claims.jti))
    throw new AppError('ERR_GRANT_INVALID', 'the service session has ended');
  return claims;
}
