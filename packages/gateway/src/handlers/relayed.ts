import { isStrict } from '../dispatch/chat-request.ts'
import { type Attempt, complete, type Conversation, type Dispatch } from '../dispatch/complete.ts'
import { base64Embeddings, encodeEmbeddings } from '../dispatch/embeddings.ts'
import { requireOneReading } from '../dispatch/form-reading.ts'
import { encodeForm, isForm, readForm } from '../dispatch/form-request.ts'
import {
  encodeCompletion,
  fitToTarget,
  missing,
  readModelRequest,
  type ReadRequest,
} from '../dispatch/model-request.ts'
import { patchJson } from '../dispatch/patch.ts'
import { createChatTap } from '../dispatch/tap.ts'
import { createMediaTap } from '../dispatch/typed-tap.ts'
import { usageOf } from '../dispatch/usage.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Exchange, Handler } from '../kernel/exchange.ts'
import type { Account, Endpoint, RelayedOperation, Target } from '../providers/provider.ts'
import { offering, unnamedPlan } from '../routing/operation-plan.ts'
import type { Plan } from '../routing/plan.ts'
import type { Planner } from '../routing/planner.ts'
import { wishOf } from './chat-completions.ts'
import { type Follow, otherModels } from './follow.ts'

/** What the plan of a relayed request is made of. */
export interface RelayedPlanParts {
  readonly plan: Planner
  /** The providers that can be asked. */
  readonly accounts: readonly Account[]
  /** Throws provider_not_found, provider_not_configured. */
  readonly account: (provider: string) => Account
  /** Whether there are rules for models: then a request must say which one it is for. */
  readonly holdsPolicy: boolean
  /** Whether a lone target is tried once more (RETRY_ENABLED). */
  readonly retries: boolean
}

export interface RelayedParts extends RelayedPlanParts {
  readonly follow: Follow
  readonly dispatch: Dispatch
  /** How much of a form is held while its model is looked for. */
  readonly limitBytes: number
}

/** What sets one operation apart from the others. */
export interface Operation {
  readonly name: RelayedOperation
  /** As messages call it. */
  readonly title: string
  /** The members every provider needs; the rest is theirs to check. */
  readonly requires: readonly string[]
  /** Whether providers have a model of their own for requests that name none. */
  readonly modelMayLack?: boolean
  /** Whether an answer may be sound or plain text. */
  readonly passesAny?: boolean
  /** How a JSON request is fitted to its target, and its answer to the client, where it is not as for all others. */
  readonly converse?: Converse
}

/** What differs from target to target. */
type Terms = Pick<Conversation, 'body' | 'content' | 'tap' | 'remake'> & { readonly changes: readonly string[] }

type Converse = (read: ReadRequest, target: Target, endpoint: Endpoint, strict: boolean) => Terms

const relay: Converse = ({ call }, target, { drop = [] }, strict) => {
  const { quirks = {} } = target.provider
  const fit = fitToTarget(call, target, { ...quirks, drop: [...(quirks.drop ?? []), ...drop] }, strict)
  return { body: patchJson(call.bytes, fit.edits), changes: fit.changes, tap: createMediaTap }
}

const completion: Converse = ({ call, body: { prompt } }, target, _endpoint, strict) => {
  const { body, changes, hidesUsage } = encodeCompletion(call, target, strict)
  return { body, changes, tap: () => createChatTap(hidesUsage, call.choices * promptsIn(prompt)) }
}

/** A list of texts, or of lists of tokens, is answered each by itself; a list of tokens is one. */
const promptsIn = (prompt: unknown): number =>
  Array.isArray(prompt) && typeof prompt[0] !== 'number' ? Math.max(1, prompt.length) : 1

const embed: Converse = ({ call, body }, target, endpoint, strict) => ({
  ...encodeEmbeddings(call, body, target, endpoint, strict),
  tap: createMediaTap,
  ...(body['encoding_format'] === 'base64' && { remake: base64Embeddings }),
})

/** Every operation that is relayed to the providers that have it, as `providers/catalog.ts` says. */
export const relayedOperations: readonly Operation[] = [
  { name: 'embeddings', title: 'embeddings', requires: ['input'], converse: embed },
  { name: 'completions', title: 'completions of plain text', requires: [], converse: completion },
  { name: 'images/generations', title: 'images', requires: ['prompt'], modelMayLack: true },
  { name: 'images/edits', title: 'edits of images', requires: [], modelMayLack: true },
  { name: 'images/variations', title: 'variations of images', requires: [], modelMayLack: true },
  { name: 'audio/transcriptions', title: 'transcriptions', requires: [], passesAny: true },
  { name: 'audio/translations', title: 'translations of speech', requires: [], passesAny: true },
  { name: 'audio/speech', title: 'speech', requires: ['input'], passesAny: true },
  { name: 'moderations', title: 'moderations', requires: ['input'], modelMayLack: true },
  { name: 'responses/compact', title: 'compacted conversations', requires: [] },
  { name: 'responses/input_tokens', title: 'counts of tokens for responses', requires: [] },
  { name: 'rerank', title: 'reranking', requires: ['query', 'documents'] },
]

/** POST of one operation: read as far as its model, plan, try the plan's targets, answer. */
export function relayed(operation: Operation, parts: RelayedParts): Handler {
  return (exchange) => (isForm(exchange.headers) ? relayForm : relayJson)(operation, parts, exchange)
}

async function relayJson(operation: Operation, parts: RelayedParts, exchange: Exchange): Promise<Response> {
  const read = readRelayed(operation, await exchange.body.bytes())
  const { call } = read
  const strict = isStrict(exchange.headers)
  return parts.follow(await relayedPlan(operation, parts, exchange, call.models), exchange, {
    others: () => otherModels(call),
    ask: (exchange, attempt) => {
      const endpoint = endpointAt(attempt.target, operation.name)
      const terms = termsFor(operation, read, attempt.target, strict)
      return ask(operation, parts, exchange, attempt, { ...terms, endpoint, stream: call.stream })
    },
  })
}

/** Reads a request in JSON. Throws invalid_json, missing_field. */
export function readRelayed(
  { requires, modelMayLack = false }: Operation,
  bytes: Uint8Array<ArrayBuffer>,
): ReadRequest {
  const read = readModelRequest(bytes, { modelMayLack })
  const lacking = requires.find((member) => (read.body[member] ?? null) === null)
  if (lacking !== undefined) throw missing(lacking, 'given')
  return read
}

/** The request as one target of its plan gets it. In strict mode throws unsupported_parameter for what would get lost. */
export function termsFor(
  { name, converse = relay }: Operation,
  read: ReadRequest,
  target: Target,
  strict: boolean,
): Terms {
  return converse(read, target, endpointAt(target, name), strict)
}

async function relayForm(operation: Operation, parts: RelayedParts, exchange: Exchange): Promise<Response> {
  const { holdsPolicy, limitBytes } = parts
  const mayLackModel = (exchange.query('provider') ?? '') !== ''
  const form = await readForm(exchange, { limitBytes, mayLackModel, needsWhole: holdsPolicy })
  if (holdsPolicy) requireOneReading(form.contentType, form.head)
  if (form.models.length === 0 && !mayLackModel && operation.modelMayLack !== true)
    throw missing('model', 'a field of the form, such as "openai/whisper-1"')
  const plan = await relayedPlan(operation, parts, exchange, form.models)
  // What has left once cannot be sent to anybody else.
  const once = form.rest === null ? plan : { ...plan, retry: { ...plan.retry, maxAttempts: 1 } }
  return parts.follow(once, exchange, {
    others: () => form.values.slice(1).map(({ text }) => text),
    ask: (exchange, attempt) => {
      const endpoint = endpointAt(attempt.target, operation.name)
      const terms = { ...encodeForm(form, attempt.target), tap: createMediaTap }
      return ask(operation, parts, exchange, attempt, { ...terms, endpoint, stream: false })
    },
  })
}

type Asked = Terms & Pick<Conversation, 'endpoint' | 'stream'>

function ask(
  { passesAny = false }: Operation,
  { dispatch }: RelayedParts,
  exchange: Exchange,
  attempt: Attempt,
  { changes, ...asked }: Asked,
): Promise<Response> {
  if (changes.length > 0) exchange.tell({ type: 'changes', changes })
  return complete(dispatch, exchange, { ...asked, usageOf, translate: null, passesAny }, attempt)
}

/** Who is asked: those of the named models whose providers have the operation, or whoever has it where none is named. */
export async function relayedPlan(
  operation: Operation,
  { plan, accounts, account, holdsPolicy, retries }: RelayedPlanParts,
  exchange: Exchange,
  models: readonly string[],
): Promise<Plan> {
  if (models.length > 0) return offering(await plan(wishOf(exchange, { models })), operation, accounts)
  if (holdsPolicy) throw unnamed()
  const provider = exchange.query('provider') ?? ''
  return unnamedPlan(provider === '' ? null : account(provider), operation, accounts, retries)
}

const unnamed = () =>
  new GatewayError(
    'model_not_allowed',
    'The request does not say which model it is for (ALLOWED_MODELS, DISALLOWED_MODELS).',
    { param: 'model' },
  )

/** The plan holds only targets that have it. */
function endpointAt({ provider }: Target, name: RelayedOperation): Endpoint {
  const endpoint = provider.operations[name]
  if (endpoint === undefined) throw new GatewayError('unsupported_operation', `${provider.name} has no ${name}.`)
  return endpoint
}
