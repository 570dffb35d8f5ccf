import { openStream } from '../dispatch/preamble.ts'
import { readProviderError } from '../dispatch/provider-error.ts'
import { relayStream } from '../dispatch/relay.ts'
import { byteTap } from '../dispatch/byte-tap.ts'
import type { Dispatch } from '../dispatch/complete.ts'
import type { ItemMemory } from '../dispatch/item-memory.ts'
import { completeResponse } from '../dispatch/responses.ts'
import { readResponsesRequest, type ResponsesCall } from '../dispatch/responses-request.ts'
import { send } from '../dispatch/send.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Exchange, Handler } from '../kernel/exchange.ts'
import type { Account, Endpoint, Target } from '../providers/provider.ts'
import type { Plan, SkippedTarget } from '../routing/plan.ts'
import { type ChatParts, wishOf } from './chat-completions.ts'
import { otherModels } from './follow.ts'
import type { ResponseKeepers } from './response-keepers.ts'

export interface ResponsesParts extends ChatParts {
  readonly keepers: ResponseKeepers
  readonly items: ItemMemory
  readonly newId: () => string
}

/** POST /v1/responses: OpenAI's Responses, for the models of every provider. */
export function responses({ plan, follow, dispatch, keepers, items, newId }: ResponsesParts): Handler {
  const parts = { ...dispatch, keep: (id: string, provider: string) => keepers.note(id, provider), items, newId }
  return async (exchange) => {
    const call = readResponsesRequest(await exchange.body.bytes())
    return follow(keptPlan(await plan(wishOf(exchange, call)), call, keepers), exchange, {
      ask: (exchange, attempt) => completeResponse(parts, exchange, call, attempt),
      others: () => otherModels(call),
    })
  }
}

/** Only the provider that stored a response can go on from it: nobody else is asked. Throws unsupported_parameter. */
export function keptPlan(plan: Plan, { previousId }: ResponsesCall, keepers: ResponseKeepers): Plan {
  if (previousId === null) return plan
  const keeper = keepers.of(previousId)
  const { targets } = plan
  const able =
    keeper === null
      ? targets.filter(({ provider }) => provider.operations.responses !== undefined).slice(0, 1)
      : targets.filter(({ provider }) => provider.id === keeper)
  const [first] = targets
  if (able.length > 0 || first === undefined) return { ...plan, targets: able, skipped: skippedOf(plan, able) }
  const where = keeper === null ? `${first.provider.name} keeps no responses` : `${keeper} has stored that response`
  const advice = keeper === null ? '' : `ask one of its models (\`${keeper}/…\`), or `
  throw new GatewayError(
    'unsupported_parameter',
    `\`previous_response_id\` cannot be had with ${first.provider.name}: ${where}. You can ${advice}send the earlier items in \`input\` again.`,
    { param: 'previous_response_id' },
  )
}

const skippedOf = ({ targets, skipped = [] }: Plan, able: readonly Target[]): readonly SkippedTarget[] => [
  ...skipped,
  ...targets
    .filter((target) => !able.includes(target))
    .map(({ provider: { id, name }, model }) => ({
      model: `${id}/${model}`,
      because: `${name} has not stored the response that the request goes on from.`,
    })),
]

export interface StoredResponseParts {
  readonly dispatch: Dispatch
  readonly keepers: ResponseKeepers
  /** The providers that can be asked. */
  readonly accounts: readonly Account[]
  /** Throws provider_not_found, provider_not_configured. */
  readonly account: (provider: string) => Account
}

/** GET|DELETE /v1/responses/{id}[/input_items]: asks the provider that keeps the response. */
export function storedResponse({ dispatch, keepers, accounts, account }: StoredResponseParts): Handler {
  return async (exchange) => {
    const { id, rest } = storedPath(exchange)
    const asked = exchange.query('provider') ?? ''
    const keeper = asked === '' ? keepers.of(id) : asked
    const { target, endpoint } = keeperOf(id, keeper === null ? null : account(keeper), accounts)
    const { method, headers, signal } = exchange
    const path = `${endpoint.path}/${id}${rest}${searchOf(exchange)}`
    const request = { account: target, method, path, endpoint, headers, body: null, signal }
    const answer = await send(dispatch, exchange, request, null)
    const { id: provider } = target.provider
    const options = dispatch.relay(provider)
    if (answer.status >= 400) throw await readProviderError(target, answer, options.idleTimeoutMs)
    const { status, body } = answer
    const passed = body === null ? null : relayStream(exchange, openStream(answer), byteTap, options)
    return new Response(passed, { status, headers: answer.headers })
  }
}

function storedPath({ path, method }: Exchange): { readonly id: string; readonly rest: string } {
  const [, id, rest = ''] = /\/responses\/([\w-]{1,200})(\/input_items)?$/.exec(path) ?? []
  if (id !== undefined && (rest === '' || method !== 'DELETE')) return { id, rest }
  throw new GatewayError('invalid_target', 'Write /v1/responses/{id} or /v1/responses/{id}/input_items.')
}

/** The query without what is the gateway's. */
function searchOf({ search }: Exchange): string {
  const kept = search
    .slice(1)
    .split('&')
    .filter((parameter) => parameter !== '' && !parameter.startsWith('provider='))
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}

interface Keeper {
  readonly target: Account
  readonly endpoint: Endpoint
}

/** Whoever is known to keep it, else the only provider that keeps any. */
function keeperOf(id: string, known: Account | null, accounts: readonly Account[]): Keeper {
  const able = (known === null ? accounts : [known]).flatMap((target): Keeper[] => {
    const endpoint = target.provider.operations.responses
    return endpoint === undefined ? [] : [{ target, endpoint }]
  })
  const [only, other] = able
  if (only !== undefined && other === undefined) return only
  if (known !== null) throw new GatewayError('unsupported_operation', `${known.provider.name} keeps no responses.`)
  const ids = able.map(({ target }) => target.provider.id)
  const advice =
    ids.length === 0 ? 'No configured provider keeps responses.' : `Add ?provider= with one of ${ids.join(', ')}.`
  throw new GatewayError('unsupported_operation', `It is not known who keeps the response ${id}. ${advice}`)
}
