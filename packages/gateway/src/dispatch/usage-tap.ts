import type { TokenUsage } from '../kernel/events.ts'
import { usageToChat } from '../providers/dialects/anthropic-messages/usage.ts'
import { type ChatTap, likelyTokens } from './tap.ts'
import { usageOf } from './usage.ts'

const NOTHING = new Uint8Array(0)

/** Model text cannot look like it: quotes inside of strings are escaped. */
const MEMBER = /"usage(?:Metadata)?"\s*:\s*\{/g

/** No usage is longer. */
const OBJECT_LIMIT = 4096

/** The beginning of the member may be the end of one part, and its rest the beginning of the next. */
const CARRIED = 40

/** What a model says, under the names that the dialects have for it in their streams. */
const SAID = /"(?:content|text|delta|thinking|reasoning_content|partial_json|arguments)"\s*:\s*"((?:[^"\\]|\\.)+)"/

const BETWEEN_EVENTS = /\r?\n\r?\n/

type Counts = Readonly<Record<string, unknown>>

/**
 * Reads the token counts out of an answer in any dialect while it passes, whole or streamed, and nothing else. For bodies
 * that are between client and provider alone; a proper end of the connection is a proper end.
 */
export function createUsageTap(isStream: boolean): ChatTap {
  const latin1 = new TextDecoder('latin1')
  let carry = ''
  let counts: Counts = {}
  let usage: TokenUsage | null = null
  let timesTold = 0
  let tokensPerByte = 0

  function note(text: string): void {
    // Anthropic tells input first and output later; the others repeat what they have counted so far.
    const told = Object.entries(parse(text)).filter(([, value]) => value !== null)
    timesTold += 1
    counts = { ...counts, ...Object.fromEntries(told) }
    usage = countsToUsage(counts) ?? usage
  }

  return {
    push(bytes) {
      const text = carry + latin1.decode(bytes)
      if (isStream && tokensPerByte === 0) tokensPerByte = densityOf(text)
      let from = 0
      for (const { index, 0: member } of text.matchAll(MEMBER)) {
        if (index < from) continue
        const start = index + member.length - 1
        const end = objectEnd(text, start)
        if (end === null && text.length - index < OBJECT_LIMIT) {
          carry = text.slice(index)
          return bytes
        }
        if (end === null) continue
        note(text.slice(start, end))
        from = end
      }
      carry = text.slice(Math.max(from, text.length - CARRIED))
      return bytes
    },
    end: () => NOTHING,
    isBetweenEvents: false,
    state: {
      // Its first byte is as near to its first token as one can tell without knowing the dialect.
      hasContent: isStream,
      isFinished: true,
      isDone: false,
      error: null,
      get usage() {
        return usage
      },
      get tokensPerByte() {
        return tokensPerByte
      },
      // The first half of Anthropic's, which alone has no total: whoever else counts comes with all figures each time.
      get isUsagePartial() {
        return isStream && timesTold === 1 && 'input_tokens' in counts && !('total_tokens' in counts)
      },
    },
  }
}

/** What a byte is likely to hold, judged by the first event in which something is said. */
function densityOf(text: string): number {
  for (const event of text.split(BETWEEN_EVENTS)) {
    const [, said] = SAID.exec(event) ?? []
    if (said !== undefined) return likelyTokens(said.length) / (event.length + 2)
  }
  return 0
}

/** Where the object that begins at `start` ends; `null` when it does not, within the limit. */
function objectEnd(text: string, start: number): number | null {
  let depth = 0
  for (let at = start; at < Math.min(text.length, start + OBJECT_LIMIT); at++) {
    const character = text[at]
    if (character === '"') at = stringEnd(text, at)
    else if (character === '{') depth += 1
    else if (character === '}' && --depth === 0) return at + 1
  }
  return null
}

function stringEnd(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}

function parse(text: string): Counts {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {} // not ours to judge: the client gets it as it came
  }
}

function countsToUsage(counts: Counts): TokenUsage | null {
  if ('promptTokenCount' in counts) return googleUsage(counts)
  if ('cache_read_input_tokens' in counts || 'cache_creation_input_tokens' in counts)
    return usageOf({ usage: usageToChat(counts) })
  const { tokens = counts } = counts // Cohere counts them one level below
  return usageOf({ usage: tokens })
}

function googleUsage(counts: Counts): TokenUsage {
  const input = count(counts['promptTokenCount']) + count(counts['toolUsePromptTokenCount'])
  const reasoning = count(counts['thoughtsTokenCount'])
  const output = count(counts['candidatesTokenCount']) + reasoning
  return { input, output, total: input + output, cached: count(counts['cachedContentTokenCount']), reasoning }
}

const count = (value: unknown): number => (typeof value === 'number' && value >= 0 ? value : 0)
