import { formatEvent, type ServerSentEvent } from '@inference-gateway/protocol/sse'
import type { ChatNarrator } from '../providers/dialects/chat-dialect.ts'
import { type JsonObject, parseObject } from '../providers/dialects/json.ts'
import { RewritingTap, type RewritingTapParts } from './rewriting-tap.ts'
import type { ChatTap } from './tap.ts'

export interface NativeTapParts extends RewritingTapParts {
  readonly narrator: ChatNarrator
  /** Whether the client asked for the usage chunk. */
  readonly wantsUsage: boolean
}

/** Reads a stream of a provider's own dialect and gives out a chat's. Never throws. */
export const createNativeTap = (parts: NativeTapParts): ChatTap => new NativeTap(parts)

class NativeTap extends RewritingTap {
  readonly #narrator: ChatNarrator
  readonly #wantsUsage: boolean

  constructor({ narrator, wantsUsage, ...parts }: NativeTapParts) {
    super(parts)
    this.#narrator = narrator
    this.#wantsUsage = wantsUsage
  }

  protected tell({ data }: ServerSentEvent): string {
    // Before the dialect's own end, it ends nothing.
    if (data === '[DONE]') return this.state.isFinished ? this.finish() : ''
    const event = parseObject(data)
    if (event === null) return ''
    const told = this.#write(this.#narrator.event(event))
    this.state.isFinished ||= this.#narrator.progress !== 'running'
    return this.#narrator.progress === 'over' ? told + this.finish() : told
  }

  protected close(): string {
    const told = this.#write(this.#narrator.end())
    return this.isOver ? told : `${told}data: [DONE]\n\n`
  }

  #write(chunks: readonly JsonObject[]): string {
    let told = ''
    for (const chunk of chunks) {
      if ('error' in chunk) return told + this.fail(chunk['error'])
      this.note(chunk)
      if (this.#wantsUsage || !isUsageChunk(chunk)) told += formatEvent({ data: JSON.stringify(chunk) })
    }
    return told
  }
}

const isUsageChunk = ({ choices }: JsonObject): boolean => Array.isArray(choices) && choices.length === 0
