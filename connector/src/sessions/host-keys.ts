/** The private keys of this host's certificates: bind grants name the one that handshakes are signed with. */
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { bindGrantClaimsSchema } from '@postern/shared/grants';
import { AppError } from '@postern/shared/errors';
import type { OwnIdentity } from '../enroll/identity-file.ts';

/** The present key and the one before: grants for it are used until those for the new key have come. */
const MAX_KEYS = 2;

interface HostKey {
  /** Of the public point, base64url: names the key. */
  readonly x: string;
  readonly privateKey: Promise<webcrypto.CryptoKey>;
}

export class HostKeys {
  readonly #identity: Pick<OwnIdentity, 'current' | 'onReplaced'>;
  #keys: HostKey[] = [];

  constructor(identity: Pick<OwnIdentity, 'current' | 'onReplaced'>) {
    this.#identity = identity;
    this.#add();
    identity.onReplaced(() => this.#add());
  }

  /** The key a bind grant of ours names. @throws AppError `ERR_CONNECTOR_KEY_UNKNOWN` */
  forGrant(bindGrant: string): Promise<webcrypto.CryptoKey> {
    // Our own controller's word to ourselves: whoever it is shown to verifies it.
    const payload = Buffer.from(bindGrant.split('.')[1] ?? '', 'base64url');
    const { cnf } = bindGrantClaimsSchema.parse(JSON.parse(payload.toString()));
    const key = this.#keys.find(({ x }) => x === cnf.jwk.x);
    if (key === undefined)
      throw new AppError('ERR_CONNECTOR_KEY_UNKNOWN', 'the bind grant is for another key');
    return key.privateKey;
  }

  #add(): void {
    const key = createPrivateKey(this.#identity.current.key);
    const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
    const der = key.export({ type: 'pkcs8', format: 'der' });
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    const privateKey = webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
    this.#keys = [{ x, privateKey }, ...this.#keys].slice(0, MAX_KEYS);
  }
}
