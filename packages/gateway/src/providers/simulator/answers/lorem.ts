import { textAnswer, type Answer } from '../answer.ts'
import type { Knobs } from '../knobs.ts'
import type { ChatRequest } from '../request.ts'
import { tokens } from '../tokens.ts'

const DEFAULT_TOKENS = 100

const FILLER = `Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et
dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo
consequat. `.replaceAll('\n', ' ')

/** Each begins with its blank, so that any run of them, over the end and round again, counts as many tokens as it has. */
const PIECES: readonly string[] = [...tokens(` ${FILLER.trim()}`)]

/** Filler of exactly `tokens` tokens, for measuring. */
export function loremAnswer(_request: ChatRequest, { tokens: length = DEFAULT_TOKENS }: Knobs): Answer {
  const rounds = Math.floor(length / PIECES.length)
  const text = PIECES.join('').repeat(rounds) + PIECES.slice(0, length % PIECES.length).join('')
  return textAnswer(text.trimStart())
}
