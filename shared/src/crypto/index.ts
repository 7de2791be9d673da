export { createDpopProof, type DpopProofOptions } from './dpop.ts';
export { hkdfExpand, hkdfExtract, originDigest, sha256 } from './hash.ts';
export {
  MLKEM_CIPHERTEXT_BYTES,
  MLKEM_PUBLIC_KEY_BYTES,
  X25519_BYTES,
  answerKeyExchange,
  offerKeyExchange,
  secureRandomBytes,
  type HybridAnswer,
  type HybridOffer,
  type RandomBytes,
} from './key-exchange.ts';
export { MAC_BYTES, createMacKey, type MacKey } from './mac-key.ts';
export {
  ES256_SIGNATURE_BYTES,
  P256_POINT_BYTES,
  generateP256KeyPair,
  jwkFromPoint,
  jwkThumbprint,
  pointFromJwk,
  pointThumbprint,
  signEs256,
  verifyEs256,
  type P256KeyPair,
} from './p256.ts';
export {
  RECORD_KEY_BYTES,
  RECORD_NONCE_BYTES,
  RECORD_TAG_BYTES,
  createWebCryptoCipher,
  type RecordCipher,
  type RecordCipherFactory,
} from './record-cipher.ts';
