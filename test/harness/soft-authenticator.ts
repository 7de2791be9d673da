/** A WebAuthn authenticator in software (Level 3 §6), that can be made to misbehave. */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isoCBOR } from '@simplewebauthn/server/helpers';

const UP = 0x01;
const UV = 0x04;
const AT = 0x40;

export interface Misbehaviour {
  /** What the browser would say the page's origin is. */
  origin?: string;
  rpId?: string;
  challenge?: string;
  type?: string;
  /** Flags of the authenticator data; default: user present and verified. */
  flags?: number;
  counter?: number;
  crossOrigin?: boolean;
  /** Signs with another key. */
  key?: KeyObject;
  /** Credential it says it is. */
  id?: string;
}

interface Options {
  challenge?: unknown;
}

export class SoftAuthenticator {
  readonly id = randomBytes(32).toString('base64url');
  readonly #origin: string;
  readonly #rpId: string;
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  #counter = 0;

  constructor(origin: string) {
    this.#origin = origin;
    this.#rpId = new URL(origin).hostname;
  }

  /** RegistrationResponseJSON, attestation `none`. */
  create(options: Options, bad: Misbehaviour = {}) {
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    // COSE_Key (RFC 9052 §7): EC2, ES256, P-256.
    const cose = new Map<number, number | Uint8Array>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, new Uint8Array(Buffer.from(x, 'base64url'))],
      [-3, new Uint8Array(Buffer.from(y, 'base64url'))],
    ]);
    const id = Buffer.from(this.id, 'base64url');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const authData = Buffer.concat([
      this.#head({ flags: UP | UV, ...bad }, AT),
      Buffer.alloc(16),
      length,
      id,
      isoCBOR.encode(cose),
    ]);
    const attestation = new Map<string, unknown>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', new Uint8Array(authData)],
    ]);
    return this.#response(bad, {
      clientDataJSON: this.#clientData('webauthn.create', options, bad).toString('base64url'),
      attestationObject: Buffer.from(isoCBOR.encode(attestation as never)).toString('base64url'),
      transports: ['internal'],
    });
  }

  /** AuthenticationResponseJSON. */
  get(options: Options, bad: Misbehaviour = {}) {
    const clientData = this.#clientData('webauthn.get', options, bad);
    const authData = this.#head({ flags: UP | UV, ...bad }, 0);
    const signed = Buffer.concat([authData, createHash('sha256').update(clientData).digest()]);
    return this.#response(bad, {
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: authData.toString('base64url'),
      signature: sign('sha256', signed, bad.key ?? this.#keys.privateKey).toString('base64url'),
    });
  }

  #response(bad: Misbehaviour, response: object) {
    const id = bad.id ?? this.id;
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response };
  }

  #clientData(type: string, { challenge }: Options, bad: Misbehaviour): Buffer {
    const data = {
      type: bad.type ?? type,
      challenge: bad.challenge ?? challenge,
      origin: bad.origin ?? this.#origin,
      crossOrigin: bad.crossOrigin ?? false,
    };
    return Buffer.from(JSON.stringify(data));
  }

  #head({ rpId = this.#rpId, flags = 0, counter }: Misbehaviour, more: number): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter ?? ++this.#counter);
    return Buffer.concat([
      createHash('sha256').update(rpId).digest(),
      Buffer.from([flags | more]),
      count,
    ]);
  }
}
