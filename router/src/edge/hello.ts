/** Checks a browser's Hello: an app token and the proof by its key (docs/protocol.md, "Connecting"). */
import { pointThumbprint, verifyEs256 } from '@postern/shared/crypto';
import { AppError } from '@postern/shared/errors';
import {
  SERVICE_RESOURCE_PREFIX,
  verifyAppToken,
  type AppTokenClaims,
} from '@postern/shared/grants';
import { HeaderKey, type Message } from '@postern/shared/protocol/channel';
import { helloProofBytes } from '@postern/shared/protocol/edge';
import type { Caller } from '../circuits/dialer.ts';
import { required } from '../net/peer.ts';
import type { RouterState } from '../state/router-state.ts';

/** How far the proof's time may be from ours. */
const PROOF_TIME_TOLERANCE_MS = 60_000;

/** What a client connection may do, and until when. */
export interface ClientSession extends Caller {
  readonly claims: Pick<AppTokenClaims, 'exp' | 'out'>;
  /** `jti` of the app token. */
  readonly tokenId: string | undefined;
}

/**
 * The session a Hello proves.
 *
 * @throws AppError `ERR_TOKEN_INVALID`, or `ERR_CHANNEL_HEADER` for a malformed message.
 */
export async function verifyHello(
  hello: Message,
  nonce: Uint8Array,
  routerId: string,
  state: RouterState,
): Promise<ClientSession> {
  const { headers } = hello;
  const token = required(headers.string(HeaderKey.sessionToken), 'token');
  const time = required(headers.u64(HeaderKey.proofTime), 'proof time');
  const point = required(headers.bytes(HeaderKey.proofKey), 'proof key');
  const proof = required(headers.bytes(HeaderKey.proof), 'proof');
  const timeMs = Number(time);
  if (Math.abs(timeMs - state.tokenTime.nowMs) > PROOF_TIME_TOLERANCE_MS) {
    throw new AppError('ERR_TOKEN_INVALID', 'the proof is too old or from the future');
  }
  const signed = await helloProofBytes({ nonce, routerId, timeMs, token });
  if (!(await verifyEs256(point, proof, signed))) {
    throw new AppError('ERR_TOKEN_INVALID', 'the key was not proved');
  }
  return verifySessionToken(token, await pointThumbprint(point), state);
}

/** The session an app token stands for, bound to a key proved before. @throws AppError `ERR_TOKEN_INVALID` */
export async function verifySessionToken(
  token: string,
  thumbprint: string,
  state: RouterState,
): Promise<ClientSession> {
  const claims = await verifyAppToken(token, { keys: state, time: state.tokenTime, thumbprint });
  return {
    identityId: claims.sub,
    sessionId: claims.sid,
    serviceId: claims.aud.slice(SERVICE_RESOURCE_PREFIX.length),
    thumbprint,
    claims: { exp: claims.exp, out: claims.out },
    tokenId: claims.jti,
  };
}
