/**
 * OpenZiti's stream cipher (specs/edge-protocol.md §5): libsodium's secretstream. The first message of a
 * direction is exactly the 24-byte header; each later one that is not empty is one chunk, 17 bytes longer
 * than its plaintext, tag 0, no additional data.
 */
import sodium, { type StateAddress } from 'libsodium-wrappers';
import { AppError } from '../../errors/index.ts';

const ZITI_HEADER_BYTES = 24;
/** What a chunk is longer than its plaintext. */
export const ZITI_OVERHEAD_BYTES = 17;
const TAG_MESSAGE = 0;

/** Encrypts one direction. */
export class ZitiSealer {
  /** To be sent first, as a message of its own. */
  readonly header: Uint8Array;
  readonly #state: StateAddress;

  constructor(key: Uint8Array) {
    const { header, state } = sodium.crypto_secretstream_xchacha20poly1305_init_push(key);
    this.header = header;
    this.#state = state;
  }

  seal(plaintext: Uint8Array): Uint8Array {
    return sodium.crypto_secretstream_xchacha20poly1305_push(
      this.#state,
      plaintext,
      null,
      TAG_MESSAGE,
    );
  }
}

/** Decrypts one direction. */
export class ZitiOpener {
  readonly #key: Uint8Array;
  #state: StateAddress | undefined;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /**
   * Takes the next message that is not empty: plaintext, or `undefined` for the header that comes first.
   *
   * @throws AppError `ERR_RECORD_INVALID` for whatever is no header, or was not sealed by the peer as the
   * next chunk
   */
  open(message: Uint8Array): Uint8Array | undefined {
    if (this.#state === undefined) {
      if (message.length !== ZITI_HEADER_BYTES) throw invalid('the first message is no header');
      this.#state = sodium.crypto_secretstream_xchacha20poly1305_init_pull(message, this.#key);
      return undefined;
    }
    if (message.length < ZITI_OVERHEAD_BYTES) throw invalid('the message is too short');
    const opened = sodium.crypto_secretstream_xchacha20poly1305_pull(this.#state, message, null);
    // Other tags end or rekey the stream: SDKs never send them.
    if (opened === false || opened.tag !== TAG_MESSAGE)
      throw invalid('the message is not authentic');
    return opened.message;
  }
}

function invalid(why: string): AppError {
  return new AppError('ERR_RECORD_INVALID', why);
}
