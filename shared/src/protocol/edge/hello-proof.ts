import { ByteWriter, encodeUtf8 } from '../../bytes/index.ts';

const LABEL = encodeUtf8('postern-edge-hello-v1');
export const CHALLENGE_BYTES = 32;

export interface HelloProofInput {
  /** The router's nonce, 32 bytes. */
  readonly nonce: Uint8Array;
  readonly routerId: string;
  /** When the proof was made, ms since 1970. */
  readonly timeMs: number;
  /** The app token as sent in the Hello. */
  readonly token: string;
}

/**
 * The bytes a browser signs by its app key and the router verifies (docs/protocol.md, "Connecting"):
 * label ‖ 00 ‖ nonce ‖ u16 length of router id ‖ router id ‖ u64 time ‖ SHA-256(token).
 */
export async function helloProofBytes(input: HelloProofInput): Promise<Uint8Array<ArrayBuffer>> {
  const routerId = encodeUtf8(input.routerId);
  const tokenHash = new Uint8Array(await crypto.subtle.digest('SHA-256', encodeUtf8(input.token)));
  return new ByteWriter(
    LABEL.length + 1 + input.nonce.length + 2 + routerId.length + 8 + tokenHash.length,
  )
    .bytes(LABEL)
    .u8(0)
    .bytes(input.nonce)
    .u16(routerId.length)
    .bytes(routerId)
    .u64(BigInt(input.timeMs))
    .bytes(tokenHash)
    .finish();
}
