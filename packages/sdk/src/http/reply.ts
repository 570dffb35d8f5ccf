import type { Meta } from './meta.ts'
import type { Sent } from './send.ts'

/** An answer, and the HTTP answer it came in. The body of `response` is read already. */
export interface WithResponse<T> {
  readonly data: T
  readonly response: Response
  readonly meta: Meta
}

/**
 * An answer on its way. Await it for what it says, or ask for the HTTP answer behind it. The request leaves at once,
 * awaited or not.
 */
export class Reply<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = 'Reply'
  readonly #sent: Promise<Sent>
  readonly #read: (sent: Sent) => Promise<T>
  #value: Promise<T> | undefined

  constructor(sent: Promise<Sent>, read: (sent: Sent) => Promise<T>) {
    this.#sent = sent
    this.#read = read
  }

  /** The HTTP answer with its body unread. Errors are thrown as ever; limits of time no longer hold. */
  async asResponse(): Promise<Response> {
    const { response, watch } = await this.#sent
    watch.rest()
    return response
  }

  /** What the answer says, together with the HTTP answer: headers, status. */
  async withResponse(): Promise<WithResponse<T>> {
    const data = await this.#parsed()
    const { response, meta } = await this.#sent
    return { data, response, meta }
  }

  // oxlint-disable-next-line unicorn/no-thenable -- being awaited is what it is for
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#parsed().then(onFulfilled, onRejected)
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#parsed().catch(onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.#parsed().finally(onFinally)
  }

  #parsed(): Promise<T> {
    return (this.#value ??= this.#sent.then(this.#read))
  }
}
