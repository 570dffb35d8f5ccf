import { formatEvent } from '@inference-gateway/protocol/sse'
import { listen, type Listener } from '../../../gateway/src/server/listen.ts'
import { isObject } from '../json.ts'
import type { WrittenScript } from './script.ts'

type Line = WrittenScript[number]

/** A provider on a socket of its own that answers OpenAI's chat by a script. */
export function startScriptProvider(script: WrittenScript): Listener {
  const left = script.map(({ times = Number.POSITIVE_INFINITY }) => times)
  const lineFor = (said: string): Line | undefined => {
    const index = script.findIndex(({ pattern }, at) => {
      const matches = pattern === null || new RegExp(pattern.source, pattern.flags).test(said)
      return matches && (left[at] ?? 0) > 0
    })
    left[index] = (left[index] ?? 0) - 1
    return script[index]
  }
  return listen({
    host: '127.0.0.1',
    port: 0,
    tls: null,
    idleTimeoutMs: 0,
    readTimeoutMs: 0,
    onBug: (error) => refusal(500, String(error)),
    fetch: async (request) => {
      if (request.method === 'GET') return Response.json({ object: 'list', data: [{ id: 'any', object: 'model' }] })
      const body: unknown = await request.json()
      const said = lastWords(body)
      const line = lineFor(said)
      if (line === undefined) return refusal(400, `No line of the script matches: ${said}`)
      if (line.fail !== undefined) return refusal(line.fail, 'The script says so.', line.retryAfter)
      return isObject(body) && body['stream'] === true ? streamed(line) : whole(line)
    },
  })
}

function refusal(status: number, message: string, retryAfter?: number): Response {
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
  return Response.json({ error: { message, type: 'script', code: null, param: null } }, { status, headers })
}

function lastWords(body: unknown): string {
  const messages = isObject(body) && Array.isArray(body['messages']) ? body['messages'] : []
  const last: unknown = messages.findLast((message) => isObject(message) && message['role'] === 'user')
  const content = isObject(last) ? last['content'] : ''
  return typeof content === 'string' ? content : JSON.stringify(content)
}

const HEAD = { id: 'chatcmpl-script', created: 0, model: 'any' }

const callsOf = ({ calls = [] }: Line) =>
  calls.map(({ name, arguments: input }, index) => {
    return { index, id: `call_${index}`, type: 'function', function: { name, arguments: JSON.stringify(input) } }
  })

const finishOf = ({ calls = [] }: Line) => (calls.length === 0 ? 'stop' : 'tool_calls')

/** A token is a word with the blanks before it. */
const wordsOf = ({ reply = '' }: Line) => reply.match(/\s*\S+|\s+$/g) ?? []

const usageOf = (line: Line) => {
  const completion = wordsOf(line).length
  return { prompt_tokens: 1, completion_tokens: completion, total_tokens: completion + 1 }
}

function whole(line: Line): Response {
  const calls = callsOf(line)
  const message = {
    role: 'assistant',
    content: line.reply ?? null,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  }
  const choices = [{ index: 0, message, finish_reason: finishOf(line) }]
  return Response.json({ ...HEAD, object: 'chat.completion', choices, usage: usageOf(line) })
}

function streamed(line: Line): Response {
  const events = eventsOf(line)
  const encoder = new TextEncoder()
  const body = new ReadableStream({
    async pull(controller) {
      const { done, value } = await events.next()
      if (done === true) controller.close()
      else controller.enqueue(encoder.encode(formatEvent({ data: value })))
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

/** What was written in the same breath as the cut would never arrive. */
const CUT_MS = 20

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function* eventsOf(line: Line): AsyncGenerator<string> {
  const chunk = (delta: object, reason: string | null = null) =>
    JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: reason }] })
  yield chunk({ role: 'assistant', content: '' })
  for (const [index, content] of wordsOf(line).entries()) {
    if (index === line.cutAfter) {
      await pause(CUT_MS)
      throw new Error('The script cuts the answer here.')
    }
    if (line.tokensPerSecond) await pause(1000 / line.tokensPerSecond)
    yield chunk({ content })
  }
  for (const call of callsOf(line)) yield chunk({ tool_calls: [call] })
  yield chunk({}, finishOf(line))
  yield JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', choices: [], usage: usageOf(line) })
  yield '[DONE]'
}
