import { AppError } from '../errors/index.ts';

/**
 * Reads little-endian values from a byte string in order. Reading past the end throws
 * `ERR_BYTES_TRUNCATED` and leaves the position unchanged. Byte results are views, not copies.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** Network byte order, for the few fields that borrow it (RFC 6455 close codes). */
  u16be(): number {
    return this.#view.getUint16(this.#take(2), false);
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A view of all that is left. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  /** Throws `ERR_BYTES_TRAILING` unless everything was read. */
  end(): void {
    if (this.remaining !== 0) {
      throw new AppError('ERR_BYTES_TRAILING', `${this.remaining} unexpected bytes at the end`);
    }
  }

  #take(length: number): number {
    if (length < 0 || length > this.remaining) {
      throw new AppError('ERR_BYTES_TRUNCATED', `${length} bytes wanted, ${this.remaining} left`);
    }
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}
