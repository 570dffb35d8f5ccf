/** A promise that begins when it is first asked for its value. */
export class Lazy<T> implements Promise<T> {
  readonly [Symbol.toStringTag]: string = 'Promise'
  readonly #make: () => Promise<T>
  #value: Promise<T> | undefined

  constructor(make: () => Promise<T>) {
    this.#make = make
  }

  // oxlint-disable-next-line unicorn/no-thenable -- being awaited is what it is for
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return (this.#value ??= this.#make()).then(onFulfilled, onRejected)
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(null, onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.then(null).finally(onFinally)
  }
}
