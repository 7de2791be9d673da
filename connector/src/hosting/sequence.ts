/** Runs jobs one after the other, in the order in which they came. */
export class Sequence {
  #last: Promise<unknown> = Promise.resolve();

  /** Settles as the job does; a job that fails does not keep later ones from running. */
  run<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#last.then(job, job);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
