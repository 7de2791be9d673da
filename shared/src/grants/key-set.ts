import type { PublicJwk } from '../schemas/control.ts';

/** What a signing key may sign; a key of one use never verifies a token of another. */
export type KeyUse = 'token' | 'grant' | 'assertion' | 'session';

/** A controller's public signing key, as pushed to routers and connectors. */
export interface VerificationKey {
  readonly kid: string;
  readonly use: KeyUse;
  /** The `iss` of all tokens this key signs. */
  readonly issuer: string;
  readonly jwk: PublicJwk;
}

/** Finds the key that a token names, among those for one use. */
export interface KeySet {
  find(use: KeyUse, kid: string): VerificationKey | undefined;
}

/** A key set over a fixed list. */
export function createKeySet(keys: Iterable<VerificationKey>): KeySet {
  const byName = new Map<string, VerificationKey>();
  for (const key of keys) byName.set(`${key.use} ${key.kid}`, key);
  return { find: (use, kid) => byName.get(`${use} ${kid}`) };
}
