import type { Attempt } from '../errors.ts'

/** What the gateway tells about an answer, in its headers. */
export interface Meta {
  /** Finds the request in the gateway's log. */
  readonly requestId: string | undefined
  /** Who answered. */
  readonly provider: string | undefined
  /** The provider's name of the model. */
  readonly model: string | undefined
  /** The gateway's tries, in order. */
  readonly attempts: readonly Attempt[]
  /** What was changed in the request for the provider: `['dropped=logit_bias']`. */
  readonly changes: readonly string[]
  /** No model has seen this. */
  readonly simulated: boolean
  /**
   * US dollars, where the gateway knows the price. `undefined` for streams: headers come before their tokens are counted.
   * The gateway's log has it as `cost_usd`, under `id`, which is `requestId` here.
   */
  readonly costUsd: number | undefined
  readonly status: number
}

export function metaOf({ headers, status }: Response): Meta {
  const text = (name: string) => headers.get(name) ?? undefined
  const cost = headers.get('x-gateway-cost-usd')
  return {
    requestId: text('x-request-id'),
    provider: text('x-gateway-provider'),
    model: text('x-gateway-model'),
    attempts: list(headers.get('x-gateway-attempts'), ', ').map(attemptOf),
    changes: list(headers.get('x-gateway-changes'), '; '),
    simulated: headers.get('x-gateway-simulated') === 'true',
    costUsd: cost === null ? undefined : Number(cost),
    status,
  }
}

const list = (text: string | null, separator: string): readonly string[] => (text ? text.split(separator) : [])

/** `openai;status=503;dur=12.5`; where no answer came, `status` is the code of the fault. */
function attemptOf(text: string): Attempt {
  const [provider = '', ...rest] = text.split(';')
  const members = new Map(rest.map((member) => member.split('=') as [string, string]))
  const status = members.get('status') ?? ''
  const isStatus = /^\d+$/.test(status)
  return {
    provider,
    status: isStatus ? Number(status) : undefined,
    code: isStatus ? undefined : status,
    durationMs: Number(members.get('dur')),
  }
}
