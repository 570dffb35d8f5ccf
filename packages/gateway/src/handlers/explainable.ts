import { encodeChat } from '../dispatch/chat.ts'
import { readChatRequest } from '../dispatch/chat-request.ts'
import type { Dispatch } from '../dispatch/complete.ts'
import type { ItemMemory } from '../dispatch/item-memory.ts'
import { encodeMessages, encodeMessagesAsChat, readMessagesRequest } from '../dispatch/messages-request.ts'
import type { ModelCall } from '../dispatch/model-request.ts'
import {
  encodeResponses,
  encodeResponsesAsChat,
  readResponsesRequest,
  withItems,
} from '../dispatch/responses-request.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Exchange } from '../kernel/exchange.ts'
import type { Target } from '../providers/provider.ts'
import type { Plan } from '../routing/plan.ts'
import type { Planner } from '../routing/planner.ts'
import { wishOf } from './chat-completions.ts'
import {
  type Operation,
  readRelayed,
  relayedOperations,
  relayedPlan,
  type RelayedPlanParts,
  termsFor,
} from './relayed.ts'
import type { ResponseKeepers } from './response-keepers.ts'
import { keptPlan } from './responses.ts'

export interface ExplainableParts extends Omit<RelayedPlanParts, 'plan'> {
  /** Plans as the endpoints do, but moves nobody's turn. Throws what the planner throws. */
  readonly preview: Planner
  readonly dispatch: Pick<Dispatch, 'maxOutputTokens'>
  readonly keepers: ResponseKeepers
  readonly items: ItemMemory
}

/** A request as its endpoint would read it. */
export interface Explainable {
  readonly call: ModelCall
  readonly plan: () => Promise<Plan>
  /** As the target would get it. Throws what the endpoint would answer instead of asking. */
  readonly encode: (target: Target, strict: boolean) => Encoded
}

interface Encoded {
  readonly changes: readonly string[]
  readonly hidesUsage?: boolean
}

type Read = (parts: ExplainableParts, exchange: Exchange, bytes: Uint8Array<ArrayBuffer>) => Explainable

/** The endpoints whose requests can be explained, as `?endpoint=` names them. */
const endpoints: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['chat/completions', chat],
  ['messages', messages],
  ['responses', responses],
  ...relayedOperations.map((operation): [string, Read] => [operation.name, relayed(operation)]),
])

/** Reads a body as the endpoint of `?endpoint=` would, by default as chat. Throws invalid_request, and what that throws. */
export function readExplainable(
  parts: ExplainableParts,
  exchange: Exchange,
  bytes: Uint8Array<ArrayBuffer>,
): Explainable {
  const read = endpoints.get(endpointOf(exchange))
  if (read !== undefined) return read(parts, exchange, bytes)
  const known = [...endpoints.keys()].join(', ')
  throw new GatewayError('invalid_request', `\`endpoint\` must be one of ${known}.`, { param: 'endpoint' })
}

export const endpointOf = (exchange: Exchange): string => exchange.query('endpoint') ?? 'chat/completions'

function chat(
  { preview, dispatch }: ExplainableParts,
  exchange: Exchange,
  bytes: Uint8Array<ArrayBuffer>,
): Explainable {
  const call = readChatRequest(bytes)
  return {
    call,
    plan: () => preview(wishOf(exchange, call)),
    encode: (target, strict) => encodeChat(dispatch, call, target, strict),
  }
}

function messages({ preview }: ExplainableParts, exchange: Exchange, bytes: Uint8Array<ArrayBuffer>): Explainable {
  const call = readMessagesRequest(bytes)
  return {
    call,
    plan: () => preview(wishOf(exchange, call)),
    encode(target, strict) {
      const speaks = target.provider.operations.messages !== undefined
      return speaks ? encodeMessages(call, target, strict) : encodeMessagesAsChat(call, target, strict)
    },
  }
}

function responses(
  { preview, keepers, items }: ExplainableParts,
  exchange: Exchange,
  bytes: Uint8Array<ArrayBuffer>,
): Explainable {
  const call = readResponsesRequest(bytes)
  return {
    call,
    plan: async () => keptPlan(await preview(wishOf(exchange, call)), call, keepers),
    encode(target, strict) {
      const { responses: endpoint } = target.provider.operations
      const recalled = withItems(call, items.recall(exchange.caller.id, call.body))
      if (endpoint !== undefined) return encodeResponses(recalled, target, endpoint, strict)
      return encodeResponsesAsChat(recalled, target, strict)
    },
  }
}

function relayed(operation: Operation): Read {
  return (parts, exchange, bytes) => {
    const read = readRelayed(operation, bytes)
    return {
      call: read.call,
      plan: () => relayedPlan(operation, { ...parts, plan: parts.preview }, exchange, read.call.models),
      encode: (target, strict) => termsFor(operation, read, target, strict),
    }
  }
}
