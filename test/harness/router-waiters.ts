/** Waiting for a condition by events instead of by polling. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  /** Something may have changed. */
  wake(): void {
    for (const check of [...this.#waiting]) check();
  }

  /** Resolves as soon as the condition holds; rejects after `timeoutMs`. */
  until(condition: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`not within ${timeoutMs} ms: ${what}`));
      }, timeoutMs);
      const check = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }
}
