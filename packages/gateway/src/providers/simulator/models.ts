import type { Answer } from './answer.ts'
import { chatAnswer } from './answers/chat.ts'
import { echoAnswer } from './answers/echo.ts'
import { refuse, type Break } from './faults.ts'
import { jsonAnswer } from './answers/json.ts'
import { readKnobs, type Knobs } from './knobs.ts'
import { loremAnswer } from './answers/lorem.ts'
import { reasonAnswer } from './answers/reason.ts'
import { Refusal } from './refusal.ts'
import type { ChatRequest } from './request.ts'
import type { Pace } from './stream.ts'
import { toolsAnswer } from './answers/tools.ts'

/** `turn` counts the requests to this model, from 1. Throws a Refusal where the model answers with an error. */
type Answerer = (request: ChatRequest, knobs: Knobs, turn: number) => Answer

interface SimulatedModel {
  readonly answer: Answerer
  readonly breaks?: Break
  /** Where it differs from the simulator's. */
  readonly pace?: Pace
}

const flakyAnswer: Answerer = (request, _knobs, turn) => (turn % 2 === 0 ? refuse('unavailable') : chatAnswer(request))

/** Every model of the simulator. */
const models: Readonly<Record<string, SimulatedModel>> = {
  chat: { answer: chatAnswer },
  echo: { answer: echoAnswer },
  tools: { answer: toolsAnswer },
  json: { answer: jsonAnswer },
  reason: { answer: reasonAnswer },
  lorem: { answer: loremAnswer },
  'error-401': { answer: () => refuse('unauthorized') },
  'error-429': { answer: () => refuse('rateLimited') },
  'error-500': { answer: () => refuse('failed') },
  'error-529': { answer: () => refuse('overloaded') },
  cut: { answer: chatAnswer, breaks: 'cut' },
  stall: { answer: chatAnswer, breaks: 'stall' },
  slow: { answer: chatAnswer, pace: { firstTokenMs: 3000, tokensPerSecond: 5 } },
  flaky: { answer: flakyAnswer },
}

/** The one model that makes embeddings; it does not chat. */
const EMBEDDER = 'embed'

/** OpenAI's model list. The ids are qualified: a bare `chat` could be anybody's. */
export function modelList(created: number) {
  const ids = [...Object.keys(models), EMBEDDER].map(qualified)
  return { object: 'list', data: ids.map((id) => ({ id, object: 'model', created, owned_by: 'simulator' })) }
}

/** What `model` of a request asks for. Throws a Refusal with 404 for an unknown model, 400 for bad parameters. */
export function findModel(asked: string): { name: string; model: SimulatedModel; knobs: Knobs } {
  const mark = asked.indexOf('?')
  const bare = (mark === -1 ? asked : asked.slice(0, mark)).replace(/^simulator\//, '')
  const model = Object.hasOwn(models, bare) ? models[bare] : undefined
  if (model === undefined) throw unknownModel(bare, 'chat', Object.keys(models))
  return { name: qualified(bare), model, knobs: mark === -1 ? {} : readKnobs(asked.slice(mark + 1)) }
}

/** The full name of the model for embeddings. Throws a Refusal with 404 for any other. */
export function findEmbedder(asked: unknown): string {
  if (asked === EMBEDDER || asked === qualified(EMBEDDER)) return qualified(EMBEDDER)
  throw unknownModel(String(asked).replace(/^simulator\//, ''), 'embeddings', [EMBEDDER])
}

const qualified = (name: string) => `simulator/${name}`

function unknownModel(asked: string, use: string, names: readonly string[]): Refusal {
  const known = names.map(qualified).join(', ')
  const isOther = asked === EMBEDDER || Object.hasOwn(models, asked)
  const fault = isOther
    ? `The model ${qualified(asked)} is not for ${use}`
    : `The simulator has no model "${qualified(asked)}"`
  return new Refusal({
    status: 404,
    message: `${fault}. For ${use} there is: ${known}.`,
    type: 'invalid_request_error',
    code: 'model_not_found',
    param: 'model',
  })
}
