import { encodeUtf8 } from '../../bytes/index.ts';
import { AppError } from '../../errors/index.ts';
import { ContentType, HeaderKey, MessageHeaders } from '../channel/index.ts';
import type { Clock, Message, OutgoingMessage } from '../channel/index.ts';
import { readCloseReason, toError } from './close-reason.ts';
import type { BrowserCredentials } from './connection-types.ts';
import { CHALLENGE_BYTES, helloProofBytes } from './hello-proof.ts';

/** Content of a Hello as its sender gives it to its channel. */
export type HelloContent = Pick<OutgoingMessage, 'headers' | 'body'>;

/** A connector's Hello: the body is a free label, the identity is the TLS certificate's. */
export function hostHello(): HelloContent {
  return { body: encodeUtf8('postern-connector') };
}

/** A browser's Hello, which answers the router's Challenge. Throws `ERR_EDGE_CHALLENGE`. */
export async function browserHello(
  challenge: Message,
  credentials: BrowserCredentials,
  clock: Clock,
): Promise<HelloContent> {
  const routerId = challenge.headers.string(HeaderKey.id);
  if (routerId === undefined || challenge.body.length !== CHALLENGE_BYTES) {
    throw new AppError('ERR_EDGE_CHALLENGE', 'the challenge is malformed');
  }
  const timeMs = clock.nowMs();
  const { token } = credentials;
  const proof = await credentials.sign(
    await helloProofBytes({ nonce: challenge.body, routerId, timeMs, token }),
  );
  const headers = new MessageHeaders()
    .setString(HeaderKey.sessionToken, token)
    .setU64(HeaderKey.proofTime, BigInt(timeMs))
    .setBytes(HeaderKey.proofKey, credentials.publicKey)
    .setBytes(HeaderKey.proof, proof);
  return { headers, body: encodeUtf8('postern-browser') };
}

/**
 * Reads the Result that answers a Hello: the peer's id. A refusal is thrown with the code it carries,
 * `ERR_TOKEN_INVALID` if it carries none.
 */
export function readHelloResult(result: Message): string {
  if (result.contentType !== ContentType.result) {
    throw new AppError('ERR_EDGE_PROTOCOL', `Hello answered by content type ${result.contentType}`);
  }
  if (result.headers.bool(HeaderKey.success) !== true)
    throw toError(readCloseReason(result, 'ERR_TOKEN_INVALID'));
  const peerId = result.headers.string(HeaderKey.id);
  if (peerId === undefined)
    throw new AppError('ERR_EDGE_PROTOCOL', 'the answer to Hello names nobody');
  return peerId;
}

/** Checks that the router reached is the one wanted; throws `ERR_EDGE_ROUTER_MISMATCH`. */
export function checkRouterId(routerId: string | undefined, expected: string | undefined): void {
  if (expected !== undefined && routerId !== expected) {
    throw new AppError('ERR_EDGE_ROUTER_MISMATCH', 'another router answered than the one wanted');
  }
}
