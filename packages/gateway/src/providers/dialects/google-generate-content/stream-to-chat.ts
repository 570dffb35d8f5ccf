import type { AnswerFacts, ChatNarrator } from '../chat-dialect.ts'
import { isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import { answerIdOf, indexOf } from './answer-to-chat.ts'
import { Choice, type Piece } from './choice.ts'
import { usageToChat } from './usage.ts'

/**
 * Tells a stream of answers, each with what is new, as a chat's. What ends a choice is told at the end of the stream: some
 * models say STOP in every event.
 */
export class AnswerStream implements ChatNarrator {
  progress: ChatNarrator['progress'] = 'running'
  readonly #facts: AnswerFacts
  readonly #choices = new Map<number, Choice>()
  #id = ''
  #model: string
  #answerId: string
  #usage: JsonObject = {}

  constructor(facts: AnswerFacts) {
    this.#facts = facts
    this.#model = facts.model
    this.#answerId = answerIdOf({}, facts.created)
  }

  event(event: JsonObject): readonly JsonObject[] {
    if ((event['error'] ?? null) !== null) return [{ error: event['error'] }]
    this.#note(event)
    const candidates = objectsIn(event['candidates'])
    const told = candidates.flatMap((candidate, place) => this.#tell(candidate, place))
    const { promptFeedback: feedback } = event
    if (candidates.length === 0 && isObject(feedback)) return [...told, ...this.#block(feedback)]
    const all = [...this.#choices.values()]
    const isComplete = all.length >= Math.max(1, this.#facts.choices) && all.every(({ hasFinished }) => hasFinished)
    if (isComplete) this.progress = 'complete'
    return told
  }

  end(): readonly JsonObject[] {
    const ends = [...this.#choices.values()].flatMap((choice) => this.#chunks(choice, choice.end(this.#answerId)))
    const usage = usageToChat(this.#usage)
    return usage === null ? ends : [...ends, this.#chunk([], { usage })]
  }

  /** Counts are cumulative; those an event leaves out stay as they were. */
  #note(event: JsonObject): void {
    const { responseId, modelVersion, usageMetadata } = event
    this.#id = textOf(responseId) || this.#id
    this.#answerId = textOf(responseId) || this.#answerId
    this.#model = textOf(modelVersion) || this.#model
    if (isObject(usageMetadata)) this.#usage = { ...this.#usage, ...usageMetadata }
  }

  #tell(candidate: JsonObject, place: number): readonly JsonObject[] {
    const { choice, opening } = this.#choiceAt(indexOf(candidate, place))
    const told = this.#chunks(choice, choice.tell(candidate, this.#answerId))
    return [...opening, ...told, ...(choice.failure === null ? [] : [{ error: choice.failure }])]
  }

  #block(feedback: JsonObject): readonly JsonObject[] {
    const { choice, opening } = this.#choiceAt(0)
    choice.block(feedback)
    this.progress = 'complete'
    return opening
  }

  #choiceAt(index: number): { readonly choice: Choice; readonly opening: readonly JsonObject[] } {
    const known = this.#choices.get(index)
    if (known !== undefined) return { choice: known, opening: [] }
    const choice = new Choice(index)
    this.#choices.set(index, choice)
    return { choice, opening: this.#chunks(choice, [{ delta: { role: 'assistant', content: '' } }]) }
  }

  #chunks({ index }: Choice, pieces: readonly Piece[]): readonly JsonObject[] {
    return pieces.map((piece) => this.#chunk([{ index, finish_reason: null, ...piece }]))
  }

  #chunk(choices: readonly JsonObject[], members: JsonObject = {}): JsonObject {
    const object = 'chat.completion.chunk'
    return { id: this.#id, object, created: this.#facts.created, model: this.#model, choices, ...members }
  }
}
