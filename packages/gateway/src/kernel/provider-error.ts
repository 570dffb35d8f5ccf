/** What a provider said when it refused or failed, taken out of its own envelope. */
export interface ProviderFault {
  readonly message: string
  readonly type: string
  readonly code: string | number | null
  readonly param: string | null
}

interface ProviderAnswer {
  readonly status: number
  readonly headers: Headers
  readonly advice?: string | null
}

/**
 * A provider answered with an error. The client gets the provider's status, its words in the client's own dialect, and
 * under `original` everything else the provider said.
 */
export class ProviderError extends Error {
  readonly provider: string
  readonly status: number
  readonly fault: ProviderFault
  /** Safe to hand to a client. */
  readonly headers: Headers
  /** The parsed body; `null` when it was empty or not JSON. */
  readonly original: unknown
  /** What the operator should look at, in the gateway's words: `fault` says it too, the log only this. */
  readonly advice: string | null

  constructor(provider: string, answer: ProviderAnswer, fault: ProviderFault, original: unknown) {
    super(fault.message)
    this.name = 'ProviderError'
    this.provider = provider
    this.status = answer.status
    this.headers = answer.headers
    this.fault = fault
    this.original = original
    this.advice = answer.advice ?? null
  }
}
