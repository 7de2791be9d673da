/** What a strategy remembers: the newest so many entries. */
export class BoundedMemory {
  readonly #entries = new Map<string, string>();
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get(key: string): string | undefined {
    return this.#entries.get(key);
  }

  /** Forgets the entry that was written longest ago when there are too many. */
  set(key: string, value: string): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#maxEntries) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
