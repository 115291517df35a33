/** Carries out pieces of work one after another, in the order they came. One that fails does not hold up the next. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve()

  /** @returns what `work` gives, or rejects as it does */
  run<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(ignore)
    return done
  }
}

function ignore(): void {}
