import { Lazy } from './lazy.ts'
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
export class Reply<T> extends Lazy<T> {
  readonly #sent: Promise<Sent>

  constructor(sent: Promise<Sent>, read: (sent: Sent) => Promise<T>) {
    super(() => sent.then(read))
    this.#sent = sent
  }

  /** The HTTP answer with its body unread. Errors are thrown as ever; limits of time no longer hold. */
  async asResponse(): Promise<Response> {
    const { response, watch } = await this.#sent
    watch.rest()
    return response
  }

  /** What the answer says, together with the HTTP answer: headers, status. */
  async withResponse(): Promise<WithResponse<T>> {
    const data = await this
    const { response, meta } = await this.#sent
    return { data, response, meta }
  }
}
