import { isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import { failureOf, finishReasonOf, isPlain } from './finish-reason.ts'
import { logprobsOf } from './logprobs.ts'
import { withPieces } from './partial-arguments.ts'
import { signatureIn } from './signature.ts'

/** A call of which only pieces have come. */
interface OpenCall {
  readonly part: JsonObject
  readonly called: JsonObject
  readonly args: JsonObject
}

/** What a candidate becomes: members of a chat's choice, always with its `delta`. */
export type Piece = JsonObject

/** What is read of a candidate; its other members are kept as they are. */
const READ = new Set(['content', 'finishReason', 'index', 'logprobsResult'])

/** What may stand in a part that is only text. */
const TEXT_MEMBERS = new Set(['text', 'thought', 'thoughtSignature'])

/** One choice of an answer, told piece by piece; a whole answer is one piece. */
export class Choice {
  /** What went wrong, as an error's object. */
  failure: JsonObject | null = null
  readonly index: number
  #calls = 0
  #images = 0
  #hasSaid = false
  #reason = ''
  #signature: JsonObject = {}
  #open: OpenCall | null = null
  #metadata: JsonObject = {}
  readonly #parts: JsonObject[] = []

  constructor(index: number) {
    this.index = index
  }

  get hasFinished(): boolean {
    return this.#reason !== ''
  }

  /** `answerId` is what the ids of calls are made of where Google gives none: the same every time, unlike any other. */
  tell(candidate: JsonObject, answerId: string): readonly Piece[] {
    const { content } = candidate
    const parts = objectsIn(isObject(content) ? content['parts'] : null)
    const deltas = parts.flatMap((part) => this.#part(part, answerId))
    this.#hasSaid ||= deltas.length > 0
    this.#note(candidate)
    const logprobs = logprobsOf(candidate['logprobsResult'])
    if (logprobs === null) return deltas.map((delta) => ({ delta }))
    const [first = {}, ...others] = deltas
    return [{ delta: first, logprobs }, ...others.map((delta) => ({ delta }))]
  }

  /** Nothing was answered, since nothing may be. */
  block(feedback: JsonObject): void {
    this.#reason = 'PROHIBITED_CONTENT'
    this.#metadata = { promptFeedback: feedback }
  }

  /** What was kept back, and the reason. */
  end(answerId: string): readonly Piece[] {
    const open = this.#close(answerId).map((delta) => ({ delta }))
    const google = {
      ...this.#signature,
      ...(this.#parts.length === 0 ? {} : { parts: this.#parts }),
      ...this.#metadata,
    }
    const delta = Object.keys(google).length === 0 ? {} : { extra_content: { google } }
    return [...open, { delta, finish_reason: finishReasonOf(this.#reason, this.#calls > 0) }]
  }

  #part(part: JsonObject, answerId: string): readonly JsonObject[] {
    const { functionCall: called, inlineData: data, thought, text, thoughtSignature: signature } = part
    if (isObject(called)) return this.#call(part, called, answerId)
    const mimeType = isObject(data) ? textOf(data['mimeType']) : ''
    if (isObject(data) && mimeType.startsWith('image/') && thought !== true) {
      const url = `data:${mimeType};base64,${textOf(data['data'])}`
      const image = { type: 'image_url', index: this.#images++, image_url: { url }, ...signatureIn(part) }
      return [{ images: [image] }]
    }
    if (Object.keys(part).some((name) => !TEXT_MEMBERS.has(name))) {
      this.#parts.push(part)
      this.#hasSaid = true
      return []
    }
    if (typeof signature === 'string') this.#signature = { thought_signature: signature }
    const words = textOf(text)
    if (words === '') return []
    return [thought === true ? { reasoning_content: words } : { content: words }]
  }

  #call(part: JsonObject, called: JsonObject, answerId: string): readonly JsonObject[] {
    const isPiece = called['willContinue'] === true || Array.isArray(called['partialArgs'])
    // What goes on with no call is none.
    if (this.#open === null && textOf(called['name']) === '') return []
    if (this.#open === null && !isPiece) return [this.#toolCall(part, called, called['args'], answerId)]
    // A name begins another call.
    const before = textOf(called['name']) === '' ? [] : this.#close(answerId)
    const open = this.#open ?? { part, called, args: {} }
    this.#open = { ...open, args: withPieces(open.args, called['partialArgs']) }
    return called['willContinue'] === true ? before : [...before, ...this.#close(answerId)]
  }

  #close(answerId: string): readonly JsonObject[] {
    const open = this.#open
    this.#open = null
    return open === null ? [] : [this.#toolCall(open.part, open.called, open.args, answerId)]
  }

  #toolCall(part: JsonObject, called: JsonObject, args: unknown, answerId: string): JsonObject {
    const index = this.#calls++
    const id = textOf(called['id']) || `call_${answerId}_${this.index}_${index}`
    const told = { name: textOf(called['name']), arguments: JSON.stringify(isObject(args) ? args : {}) }
    return { tool_calls: [{ index, id, type: 'function', function: told, ...signatureIn(part) }] }
  }

  #note(candidate: JsonObject): void {
    const reason = textOf(candidate['finishReason'])
    this.#reason = reason || this.#reason
    this.failure ??= failureOf(candidate, this.#hasSaid)
    for (const [name, value] of Object.entries(candidate))
      if (!READ.has(name) && value !== null) this.#keep(name, value)
    if (reason !== '' && !isPlain(reason)) this.#keep('finishReason', reason)
  }

  #keep(name: string, value: unknown): void {
    const known = this.#metadata[name]
    const isMore = name === 'citationMetadata' && isObject(known) && isObject(value)
    this.#metadata = { ...this.#metadata, [name]: isMore ? joined(known, value) : value }
  }
}

/** Of its citations a stream tells the new ones only; of all else, all there is. */
const joined = (known: JsonObject, news: JsonObject): JsonObject => {
  const lists = Object.entries(known).filter(([, value]) => Array.isArray(value))
  return {
    ...known,
    ...news,
    ...Object.fromEntries(lists.map(([name, list]) => [name, [...objectsIn(list), ...objectsIn(news[name])]])),
  }
}
