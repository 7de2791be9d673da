/** Chunks shorter than this are joined with others that wait too. */
const SMALL_CHUNK_BYTES = 1024;
const JOINED_CHUNK_BYTES = 16_384;

/**
 * Byte chunks in order, passed on without a copy. Small chunks behind others are gathered into larger
 * ones, so that a peer who sends single bytes can't cost more memory than they hold.
 */
export class ChunkQueue {
  readonly #chunks: Uint8Array[] = [];
  /** Bytes used of the last chunk, when that is a gathering buffer. */
  #gathered: number | undefined;

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  push(chunk: Uint8Array): void {
    const last = this.#chunks.at(-1);
    if (!last || chunk.length >= SMALL_CHUNK_BYTES) {
      this.#seal();
      this.#chunks.push(chunk);
      return;
    }
    if (this.#gathered === undefined || this.#gathered + chunk.length > last.length) {
      this.#seal();
      this.#chunks.push(new Uint8Array(JOINED_CHUNK_BYTES));
      this.#gathered = 0;
    }
    (this.#chunks.at(-1) as Uint8Array).set(chunk, this.#gathered);
    this.#gathered += chunk.length;
  }

  shift(): Uint8Array | undefined {
    if (this.#chunks.length === 1) this.#seal();
    return this.#chunks.shift();
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#gathered = undefined;
  }

  /** Cuts the gathering buffer, if there is one, to what it holds. */
  #seal(): void {
    if (this.#gathered === undefined) return;
    const last = this.#chunks.length - 1;
    this.#chunks[last] = (this.#chunks[last] as Uint8Array).subarray(0, this.#gathered);
    this.#gathered = undefined;
  }
}
