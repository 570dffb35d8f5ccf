import { parseEvents } from '@inference-gateway/protocol/sse'
import type { UpstreamRequest } from '../provider.ts'
import { simulatorProvider } from './row.ts'
import { createSimulator, type SimulatorOptions } from './simulator.ts'

/** What tests of the simulator share: asking it as a gateway would, and reading its answers as a client would. */

export interface Call {
  readonly id: string
  readonly type: string
  readonly function: { readonly name: string; readonly arguments: string }
}

export interface Choice {
  readonly index: number
  readonly message: {
    readonly role: string
    readonly content: string | null
    readonly refusal: null
    readonly reasoning_content?: string
    readonly tool_calls?: readonly Call[]
  }
  readonly logprobs: null
  readonly finish_reason: string
}

export interface Body {
  readonly id: string
  readonly object: string
  readonly created: number
  readonly model: string
  readonly system_fingerprint: string
  readonly choices: readonly Choice[]
  readonly usage: Readonly<Record<string, unknown>>
}

export interface Chunk extends Omit<Body, 'choices' | 'usage'> {
  readonly choices: readonly { index: number; delta: Delta; logprobs: null; finish_reason: string | null }[]
  readonly usage?: Body['usage'] | null
}

interface Delta {
  readonly role?: string
  readonly content?: string | null
  readonly reasoning_content?: string
  readonly tool_calls?: readonly { index: number; id?: string; type?: string; function: Partial<Call['function']> }[]
}

/** A simulator that waits for nothing and keeps account of what it would have waited. */
export function simulated(options: Partial<SimulatorOptions> = {}) {
  const slept: number[] = []
  const sleep = async (ms: number) => void slept.push(ms)
  const simulator = createSimulator({ sleep, ...options })

  const send = (request: Partial<UpstreamRequest>) =>
    simulator.send({
      account: { provider: simulatorProvider, credential: null },
      method: 'POST',
      path: '/chat/completions',
      headers: new Headers(),
      body: null,
      signal: new AbortController().signal,
      ...request,
    })
  const ask = (body: unknown, signal?: AbortSignal) =>
    send({ body: new TextEncoder().encode(JSON.stringify(body)), ...(signal === undefined ? {} : { signal }) })
  const answer = async (body: object) => (await (await ask(body)).json()) as Body
  const chunks = async (body: object) => readChunks(await (await ask({ ...body, stream: true })).text())
  return { send, ask, answer, chunks, slept }
}

export const user = (text: string) => ({ role: 'user', content: text })

/** The chunks of a whole stream. Throws when it does not end with `[DONE]`. */
function readChunks(text: string): readonly Chunk[] {
  const data = parseEvents(text).map((event) => event.data)
  if (data.pop() !== '[DONE]') throw new Error('The stream has no end.')
  return data.map((chunk) => JSON.parse(chunk) as Chunk)
}

/** Puts chunks together as clients do: the answer as it would have come without streaming. */
export function accumulate(chunks: readonly Chunk[]): Body {
  const [first] = chunks
  if (first === undefined) throw new Error('The stream is empty.')
  const { choices: _choices, usage: _usage, ...head } = first
  const parts = chunks.flatMap((chunk) => chunk.choices)
  const indices = [...new Set(parts.map((part) => part.index))].toSorted((one, other) => one - other)
  const choices = indices.map((index) => accumulateChoice(parts.filter((part) => part.index === index)))
  return { ...head, object: 'chat.completion', choices, usage: chunks.at(-1)?.usage ?? {} }
}

function accumulateChoice(parts: Chunk['choices']): Choice {
  const deltas = parts.map((part) => part.delta)
  const reasoning = deltas.map((delta) => delta.reasoning_content ?? '').join('')
  const calls = accumulateCalls(deltas.flatMap((delta) => delta.tool_calls ?? []))
  const texts = deltas.flatMap((delta) => (typeof delta.content === 'string' ? [delta.content] : []))
  return {
    index: parts[0]?.index ?? -1,
    message: {
      role: deltas[0]?.role ?? 'none',
      content: texts.length === 0 ? null : texts.join(''),
      refusal: null,
      ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
    logprobs: null,
    finish_reason: parts.at(-1)?.finish_reason ?? 'none',
  }
}

function accumulateCalls(pieces: NonNullable<Delta['tool_calls']>): readonly Call[] {
  const count = new Set(pieces.map((piece) => piece.index)).size
  return Array.from({ length: count }, (_, index) => {
    const own = pieces.filter((piece) => piece.index === index)
    const [start] = own
    return {
      id: start?.id ?? 'none',
      type: start?.type ?? 'none',
      function: {
        name: start?.function.name ?? 'none',
        arguments: own.map((piece) => piece.function.arguments ?? '').join(''),
      },
    }
  })
}
