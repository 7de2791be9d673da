import { hkdfExpand, type RecordCipher, type RecordCipherFactory } from '../../crypto/index.ts';
import { encodeRecordHeader, invalidRecord, RECORD_HEADER_BYTES } from './record.ts';
import type { OutgoingRecord } from './record.ts';

/** Records under one key, after which a REKEY is overdue and the key refuses to work. */
export const MAX_RECORDS_PER_KEY = 2 ** 24;

/**
 * The key of one direction: counts records, which gives each its nonce. Records must be sealed or
 * opened in the order they travel in.
 */
export class TrafficKey {
  readonly #createCipher: RecordCipherFactory;
  #secret: Uint8Array;
  #cipher: RecordCipher;
  #iv: Uint8Array;
  #number = 0;

  private constructor(
    createCipher: RecordCipherFactory,
    secret: Uint8Array,
    state: { cipher: RecordCipher; iv: Uint8Array },
  ) {
    this.#createCipher = createCipher;
    this.#secret = secret;
    this.#cipher = state.cipher;
    this.#iv = state.iv;
  }

  static async create(secret: Uint8Array, createCipher: RecordCipherFactory): Promise<TrafficKey> {
    return new TrafficKey(createCipher, secret, await derive(secret, createCipher));
  }

  /** Records sealed or opened since the key was made or replaced. */
  get records(): number {
    return this.#number;
  }

  /** The whole record behind `headroom` free bytes. */
  seal(record: OutgoingRecord, headroom: number): Uint8Array | Promise<Uint8Array> {
    const header = encodeRecordHeader(record);
    const finish = (buffer: Uint8Array) => {
      buffer.set(header, headroom);
      return buffer;
    };
    const room = headroom + RECORD_HEADER_BYTES;
    const sealed = this.#cipher.seal(this.#nextNonce(), header, record.payload, room);
    return sealed instanceof Promise ? sealed.then(finish) : finish(sealed);
  }

  /** The plaintext of a whole record; throws or rejects if it is not the next one, unaltered. */
  open(record: Uint8Array): Uint8Array | Promise<Uint8Array> {
    return this.#cipher.open(
      this.#nextNonce(),
      record.subarray(0, RECORD_HEADER_BYTES),
      record.subarray(RECORD_HEADER_BYTES),
    );
  }

  /** Replaces the secret; records count from 0 again. Nothing may be sealed or opened meanwhile. */
  async rekey(): Promise<void> {
    const next = await hkdfExpand(this.#secret, 'rekey');
    const { cipher, iv } = await derive(next, this.#createCipher);
    this.#secret.fill(0);
    this.#secret = next;
    this.#cipher = cipher;
    this.#iv = iv;
    this.#number = 0;
  }

  /** The base nonce XOR the record's number (u64 LE) in its last eight bytes; the number stays below 2²⁴. */
  #nextNonce(): Uint8Array {
    const number = this.#number;
    if (number >= MAX_RECORDS_PER_KEY) throw invalidRecord('too many records under one key');
    this.#number = number + 1;
    const nonce = this.#iv.slice();
    nonce[4] = (nonce[4] as number) ^ (number & 0xff);
    nonce[5] = (nonce[5] as number) ^ ((number >>> 8) & 0xff);
    nonce[6] = (nonce[6] as number) ^ (number >>> 16);
    return nonce;
  }
}

async function derive(secret: Uint8Array, createCipher: RecordCipherFactory) {
  const [key, iv] = await Promise.all([hkdfExpand(secret, 'key'), hkdfExpand(secret, 'iv', 12)]);
  return { cipher: await createCipher(key), iv };
}
