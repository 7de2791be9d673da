/**
 * OpenZiti's key exchange (specs/edge-protocol.md §5): libsodium's `crypto_kx`, the dialer being its
 * client. Nobody vouches for the keys: a router could swap them, which is why only services whose
 * operator says so take it.
 */
import sodium from 'libsodium-wrappers';
import { AppError } from '../../errors/index.ts';

export interface ZitiKeyPair {
  /** 32 bytes, X25519. */
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** Keys of one connection, 32 bytes each: what one receives and sends by. */
export interface ZitiKeys {
  readonly receive: Uint8Array;
  readonly send: Uint8Array;
}

/** A fresh pair. Resolves once libsodium is loaded, so that the functions below may be called from then on. */
export async function createZitiKeyPair(seed?: Uint8Array): Promise<ZitiKeyPair> {
  await sodium.ready;
  const { publicKey, privateKey } =
    seed === undefined ? sodium.crypto_kx_keypair() : sodium.crypto_kx_seed_keypair(seed);
  return { publicKey, privateKey };
}

/** The keys of a connection with `peerKey`. @throws AppError `ERR_KEY_EXCHANGE` */
export function zitiKeys(
  role: 'dialer' | 'host',
  { publicKey, privateKey }: ZitiKeyPair,
  peerKey: Uint8Array,
): ZitiKeys {
  const derive =
    role === 'dialer' ? sodium.crypto_kx_client_session_keys : sodium.crypto_kx_server_session_keys;
  try {
    const { sharedRx, sharedTx } = derive(publicKey, privateKey, peerKey);
    return { receive: sharedRx, send: sharedTx };
  } catch (cause) {
    throw new AppError('ERR_KEY_EXCHANGE', 'the peer’s key cannot be used', { cause });
  }
}
