import { AppError } from '../errors/index.ts';

/**
 * Writes little-endian values into a buffer of a size fixed at the start (sizes are always known
 * before encoding here). Writing past the end throws `ERR_BYTES_TRUNCATED`; a value that doesn't fit
 * its field throws `ERR_BYTES_RANGE`.
 */
export class ByteWriter {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #offset = 0;

  constructor(length: number) {
    this.#bytes = new Uint8Array(length);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get offset(): number {
    return this.#offset;
  }

  u8(value: number): this {
    checkUnsigned(value, 0xff);
    this.#view.setUint8(this.#take(1), value);
    return this;
  }

  u16(value: number): this {
    checkUnsigned(value, 0xffff);
    this.#view.setUint16(this.#take(2), value, true);
    return this;
  }

  u32(value: number): this {
    checkUnsigned(value, 0xffff_ffff);
    this.#view.setUint32(this.#take(4), value, true);
    return this;
  }

  i32(value: number): this {
    if ((value | 0) !== value) throw new AppError('ERR_BYTES_RANGE', 'value does not fit an i32');
    this.#view.setInt32(this.#take(4), value, true);
    return this;
  }

  u64(value: bigint): this {
    if (BigInt.asUintN(64, value) !== value)
      throw new AppError('ERR_BYTES_RANGE', 'value does not fit a u64');
    this.#view.setBigUint64(this.#take(8), value, true);
    return this;
  }

  /** Network byte order, for the few fields that borrow it (RFC 6455 close codes). */
  u16be(value: number): this {
    checkUnsigned(value, 0xffff);
    this.#view.setUint16(this.#take(2), value, false);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#bytes.set(value, this.#take(value.length));
    return this;
  }

  /** The finished buffer; throws `ERR_BYTES_TRUNCATED` if it was not filled exactly. */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#offset !== this.#bytes.length) {
      throw new AppError(
        'ERR_BYTES_TRUNCATED',
        `${this.#bytes.length - this.#offset} bytes were not written`,
      );
    }
    return this.#bytes;
  }

  #take(length: number): number {
    if (this.#offset + length > this.#bytes.length) {
      throw new AppError('ERR_BYTES_TRUNCATED', `no room for ${length} bytes`);
    }
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}

function checkUnsigned(value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new AppError('ERR_BYTES_RANGE', `value is not an integer from 0 to ${max}`);
  }
}
