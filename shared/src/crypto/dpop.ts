/** DPoP proofs (RFC 9449 §4.2). */
import { encodeUtf8, toBase64Url } from '../bytes/index.ts';
import { sha256 } from './hash.ts';
import { jwkFromPoint, signEs256, type P256KeyPair } from './p256.ts';

export interface DpopProofOptions {
  readonly key: P256KeyPair;
  /** HTTP method. */
  readonly method: string;
  /** Target; query and fragment are left out of the proof. */
  readonly url: string;
  /** Bound into the proof as `ath` when the request carries it. */
  readonly accessToken?: string;
  /** The last `DPoP-Nonce` of this server. */
  readonly nonce?: string;
  readonly nowMs: number;
  /** Unique per proof; 16 random bytes by default. */
  readonly jti?: string;
}

/** The value of a `DPoP` request header. */
export async function createDpopProof(options: DpopProofOptions): Promise<string> {
  const target = new URL(options.url);
  const { accessToken, nonce } = options;
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: jwkFromPoint(options.key.publicPoint) };
  const claims = {
    jti: options.jti ?? toBase64Url(crypto.getRandomValues(new Uint8Array(16))),
    htm: options.method,
    htu: target.origin + target.pathname,
    iat: Math.floor(options.nowMs / 1000),
    ...(accessToken === undefined
      ? {}
      : { ath: toBase64Url(await sha256(encodeUtf8(accessToken))) }),
    ...(nonce === undefined ? {} : { nonce }),
  };
  const signed = `${encodeJson(header)}.${encodeJson(claims)}`;
  const signature = await signEs256(options.key.privateKey, encodeUtf8(signed));
  return `${signed}.${toBase64Url(signature)}`;
}

function encodeJson(value: unknown): string {
  return toBase64Url(encodeUtf8(JSON.stringify(value)));
}
