import type { AnswerFacts } from '../chat-dialect.ts'
import { numberOf } from '../exact-json.ts'
import { isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import { Choice, type Piece } from './choice.ts'
import { usageToChat } from './usage.ts'

/** What the ids of calls are made of. */
export const answerIdOf = ({ responseId }: JsonObject, created: number): string => textOf(responseId) || String(created)

/** Candidates may come without their numbers. */
export function indexOf({ index }: JsonObject, place: number): number {
  const told = numberOf(index) ?? -1
  return Number.isSafeInteger(told) && told >= 0 ? told : place
}

/**
 * A whole answer as a chat completion. Thoughts are told as `reasoning_content`, pictures as `images`; the signature of
 * a text, and what chat has no words for, stand in `extra_content.google`. Never throws.
 */
export function completionFromAnswer(answer: JsonObject, { created, model }: Omit<AnswerFacts, 'choices'>): JsonObject {
  const usage = usageToChat(answer['usageMetadata'])
  return {
    id: textOf(answer['responseId']),
    object: 'chat.completion',
    created,
    model: textOf(answer['modelVersion']) || model,
    choices: toldChoices(answer, created).map(({ index, pieces }) => choiceOf(index, pieces)),
    ...(usage === null ? {} : { usage }),
  }
}

/** What went wrong, although the status was 200. */
export function failureIn(answer: JsonObject): JsonObject | null {
  const { error } = answer
  if (isObject(error)) return error
  return toldChoices(answer, 0).find(({ failure }) => failure !== null)?.failure ?? null
}

interface ToldChoice {
  readonly index: number
  readonly pieces: readonly Piece[]
  readonly failure: JsonObject | null
}

function toldChoices(answer: JsonObject, created: number): readonly ToldChoice[] {
  const answerId = answerIdOf(answer, created)
  const { promptFeedback: feedback } = answer
  const candidates = objectsIn(answer['candidates'])
  if (candidates.length === 0 && isObject(feedback)) {
    const choice = new Choice(0)
    choice.block(feedback)
    return [{ index: 0, pieces: choice.end(answerId), failure: null }]
  }
  return candidates.map((candidate, place) => {
    const choice = new Choice(indexOf(candidate, place))
    const pieces = [...choice.tell(candidate, answerId), ...choice.end(answerId)]
    return { index: choice.index, pieces, failure: choice.failure }
  })
}

function choiceOf(index: number, pieces: readonly Piece[]): JsonObject {
  const deltas = pieces.map(({ delta }) => (isObject(delta) ? delta : {}))
  const told = (name: string): string => deltas.map((delta) => textOf(delta[name])).join('')
  const listed = (name: string): readonly JsonObject[] => deltas.flatMap((delta) => objectsIn(delta[name]))
  const calls = listed('tool_calls').map(({ index: _index, ...call }) => call)
  const [content, reasoning, images] = [told('content'), told('reasoning_content'), listed('images')]
  return {
    index,
    message: {
      role: 'assistant',
      content: content === '' && calls.length > 0 ? null : content,
      ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
      ...(images.length === 0 ? {} : { images }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      ...deltas.at(-1),
    },
    logprobs: pieces.find(({ logprobs }) => isObject(logprobs))?.['logprobs'] ?? null,
    finish_reason: pieces.at(-1)?.['finish_reason'],
  }
}
