/** Something that is kept on disk and replaced while others use it. */
export class Renewable<T> {
  readonly #write: (value: T) => Promise<void>;
  readonly #listeners = new Set<() => void>();
  #current: T;

  /** @param write keeps a value durably */
  constructor(current: T, write: (value: T) => Promise<void>) {
    this.#current = current;
    this.#write = write;
  }

  get current(): T {
    return this.#current;
  }

  /** On disk first, in use when the promise resolves. Not to be called twice at the same time. */
  async replace(value: T): Promise<void> {
    await this.#write(value);
    this.#current = value;
    for (const listener of this.#listeners) listener();
  }

  /** Called after each replacement. */
  onReplaced(listener: () => void): void {
    this.#listeners.add(listener);
  }
}
