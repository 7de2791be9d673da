/**
 * The hybrid key exchange of suite 1: X25519 (RFC 7748) and ML-KEM-768 (FIPS 203), both by
 * libsodium. An attacker must break both to learn the joint secret.
 */
import sodium from 'libsodium-wrappers';
import { concatBytes } from '../bytes/index.ts';
import { AppError } from '../errors/index.ts';

export const X25519_BYTES = 32;
export const MLKEM_PUBLIC_KEY_BYTES = 1184;
export const MLKEM_CIPHERTEXT_BYTES = 1088;

/** Fills new byte strings with randomness; replaced by fixed values in test vectors only. */
export type RandomBytes = (length: number) => Uint8Array;

export const secureRandomBytes: RandomBytes = (length) =>
  crypto.getRandomValues(new Uint8Array(length));

/** What the opener keeps between its share and the answer. */
export interface HybridOffer {
  /** To send: X25519 share, 32 bytes. */
  readonly share: Uint8Array;
  /** To send: ML-KEM-768 encapsulation key, 1184 bytes. */
  readonly kemKey: Uint8Array;
  /** The joint secret (64 bytes) from the answer; throws `ERR_KEY_EXCHANGE`. Usable once. */
  complete(peerShare: Uint8Array, kemCiphertext: Uint8Array): Uint8Array;
}

/** The answerer's half. */
export interface HybridAnswer {
  readonly share: Uint8Array;
  /** 1088 bytes. */
  readonly kemCiphertext: Uint8Array;
  /** X25519 result ‖ ML-KEM secret, 64 bytes. */
  readonly sharedSecret: Uint8Array;
}

/** Starts an exchange with fresh keys. */
export async function offerKeyExchange(random = secureRandomBytes): Promise<HybridOffer> {
  await sodium.ready;
  const scalar = random(X25519_BYTES);
  const seed = random(sodium.crypto_kem_mlkem768_SEEDBYTES);
  const kem = sodium.crypto_kem_mlkem768_seed_keypair(seed);
  sodium.memzero(seed);
  return {
    share: sodium.crypto_scalarmult_base(scalar),
    kemKey: kem.publicKey,
    complete(peerShare, kemCiphertext) {
      try {
        return exchanging(() =>
          concatBytes(
            diffieHellman(scalar, peerShare),
            sodium.crypto_kem_mlkem768_dec(kemCiphertext, kem.privateKey),
          ),
        );
      } finally {
        sodium.memzero(scalar);
        sodium.memzero(kem.privateKey);
      }
    },
  };
}

/** Answers an offer with fresh keys; throws `ERR_KEY_EXCHANGE` for an unusable share or key. */
export async function answerKeyExchange(
  peerShare: Uint8Array,
  kemKey: Uint8Array,
  random = secureRandomBytes,
): Promise<HybridAnswer> {
  await sodium.ready;
  const scalar = random(X25519_BYTES);
  const seed = random(32);
  return exchanging(() => {
    const kem = sodium.crypto_kem_mlkem768_enc_deterministic(kemKey, seed);
    const sharedSecret = concatBytes(diffieHellman(scalar, peerShare), kem.sharedSecret);
    const share = sodium.crypto_scalarmult_base(scalar);
    sodium.memzero(scalar);
    sodium.memzero(seed);
    return { share, kemCiphertext: kem.ciphertext, sharedSecret };
  });
}

function diffieHellman(scalar: Uint8Array, share: Uint8Array): Uint8Array {
  const secret = sodium.crypto_scalarmult(scalar, share);
  // A share of small order gives a secret everyone knows: RFC 7748 §6.1.
  if (secret.every((byte) => byte === 0)) {
    throw new AppError('ERR_KEY_EXCHANGE', 'the peer sent a share of small order');
  }
  return secret;
}

function exchanging<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('ERR_KEY_EXCHANGE', 'the peer sent unusable key material', { cause });
  }
}
