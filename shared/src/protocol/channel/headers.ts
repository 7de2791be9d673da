import { ByteReader, ByteWriter, decodeUtf8, encodeUtf8 } from '../../bytes/index.ts';
import { AppError } from '../../errors/index.ts';

/** A string list header holds at most this many strings of at most 8192 bytes. */
export const MAX_LISTED_STRINGS = 128;
const MAX_LISTED_STRING_BYTES = 8192;

/**
 * Headers of one message, by key. Getters answer `undefined` when the key is absent and throw
 * `ERR_CHANNEL_HEADER` when the value has the wrong width or form; setters replace and chain.
 */
export class MessageHeaders {
  readonly #values = new Map<number, Uint8Array>();

  get size(): number {
    return this.#values.size;
  }

  /** Length on the wire. */
  get byteLength(): number {
    let length = 0;
    for (const value of this.#values.values()) length += 8 + value.length;
    return length;
  }

  has(key: number): boolean {
    return this.#values.has(key);
  }

  entries(): IterableIterator<[number, Uint8Array]> {
    return this.#values.entries();
  }

  bytes(key: number): Uint8Array | undefined {
    return this.#values.get(key);
  }

  u8(key: number): number | undefined {
    return this.#fixed(key, 1)?.u8();
  }

  bool(key: number): boolean | undefined {
    const value = this.u8(key);
    if (value !== undefined && value > 1) throw malformed(key);
    return value === undefined ? undefined : value === 1;
  }

  u16(key: number): number | undefined {
    return this.#fixed(key, 2)?.u16();
  }

  u32(key: number): number | undefined {
    return this.#fixed(key, 4)?.u32();
  }

  /** Signed: sequences in header `replyFor`. */
  i32(key: number): number | undefined {
    return this.#fixed(key, 4)?.i32();
  }

  u64(key: number): bigint | undefined {
    return this.#fixed(key, 8)?.u64();
  }

  string(key: number): string | undefined {
    const value = this.#values.get(key);
    return value === undefined ? undefined : headerText(key, value);
  }

  /** u32 count, then (u32 length, UTF-8) each. */
  stringList(key: number): string[] | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    try {
      const reader = new ByteReader(value);
      const count = reader.u32();
      if (count > MAX_LISTED_STRINGS) throw malformed(key);
      const list: string[] = [];
      for (let i = 0; i < count; i += 1) {
        const length = reader.u32();
        if (length > MAX_LISTED_STRING_BYTES) throw malformed(key);
        list.push(headerText(key, reader.bytes(length)));
      }
      reader.end();
      return list;
    } catch (cause) {
      throw malformed(key, cause);
    }
  }

  setBytes(key: number, value: Uint8Array): this {
    this.#values.set(key, value);
    return this;
  }

  setU8(key: number, value: number): this {
    return this.setBytes(key, new ByteWriter(1).u8(value).finish());
  }

  setBool(key: number, value: boolean): this {
    return this.setU8(key, value ? 1 : 0);
  }

  setU16(key: number, value: number): this {
    return this.setBytes(key, new ByteWriter(2).u16(value).finish());
  }

  setU32(key: number, value: number): this {
    return this.setBytes(key, new ByteWriter(4).u32(value).finish());
  }

  setI32(key: number, value: number): this {
    return this.setBytes(key, new ByteWriter(4).i32(value).finish());
  }

  setU64(key: number, value: bigint): this {
    return this.setBytes(key, new ByteWriter(8).u64(value).finish());
  }

  setString(key: number, value: string): this {
    return this.setBytes(key, encodeUtf8(value));
  }

  setStringList(key: number, list: readonly string[]): this {
    const encoded = list.map((text) => encodeUtf8(text));
    const writer = new ByteWriter(encoded.reduce((sum, text) => sum + 4 + text.length, 4)).u32(
      list.length,
    );
    for (const text of encoded) writer.u32(text.length).bytes(text);
    return this.setBytes(key, writer.finish());
  }

  #fixed(key: number, width: number): ByteReader | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    if (value.length !== width) throw malformed(key);
    return new ByteReader(value);
  }
}

function headerText(key: number, value: Uint8Array): string {
  try {
    return decodeUtf8(value);
  } catch (cause) {
    throw malformed(key, cause);
  }
}

function malformed(key: number, cause?: unknown): AppError {
  return new AppError('ERR_CHANNEL_HEADER', `header ${key} is malformed`, { cause });
}
