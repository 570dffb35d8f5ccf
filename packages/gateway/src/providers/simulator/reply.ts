import { chunks } from './chunks.ts'
import { completionBody, type Completion } from './completion.ts'
import { breakOff, type Break } from './faults.ts'
import type { Refusal } from './refusal.ts'
import { bodyOf, pacedEvents, type Pace, type Sleep } from './stream.ts'

/** How an answer is given: when, and whether to its end. */
export interface Delivery {
  readonly pace: Pace
  readonly breaks: Break | null
  readonly sleep: Sleep
  readonly signal: AbortSignal
}

export function jsonReply(id: string, body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}) {
  const all = { ...headers, ...headersOf(id, 'application/json') }
  return new Response(JSON.stringify(body), { status, headers: all })
}

export function refusalReply(id: string, { details, body }: Refusal): Response {
  return jsonReply(id, body, details.status, details.headers)
}

/** The whole answer as one JSON object, after the time to the first token: a whole answer has no pace to be seen. */
export async function plainReply(id: string, completion: Completion, delivery: Delivery): Promise<Response> {
  const { pace, breaks, sleep, signal } = delivery
  if (pace.firstTokenMs > 0) await sleep(pace.firstTokenMs, signal)
  const body = completionBody(completion)
  if (breaks === null) return jsonReply(id, body)
  if (breaks === 'stall') return breakOff(breaks, signal)
  return new Response(
    bodyOf(() => firstHalf(JSON.stringify(body), signal), signal),
    {
      headers: headersOf(id, 'application/json'),
    },
  )
}

/** The answer as server-sent events. The status line does not wait for the first token. */
export function streamReply(id: string, completion: Completion, includeUsage: boolean, delivery: Delivery): Response {
  const { pace, breaks, sleep, signal } = delivery
  const steps = chunks(completion, includeUsage)
  const body = bodyOf((ended) => pacedEvents(steps, pace, breaks, sleep, ended), signal)
  return new Response(body, { headers: { ...headersOf(id, 'text/event-stream'), 'cache-control': 'no-cache' } })
}

async function* firstHalf(text: string, signal: AbortSignal): AsyncGenerator<string> {
  yield text.slice(0, text.length / 2)
  await breakOff('cut', signal)
}

/** Nobody may mistake a made-up answer for a model's: every reply says what it is. */
function headersOf(id: string, contentType: string): Readonly<Record<string, string>> {
  return { 'content-type': contentType, 'x-request-id': `req_${id}`, 'x-gateway-simulated': 'true' }
}
