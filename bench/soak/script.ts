// What a provider is to do with one request. The client writes it into the request, the gateway passes it on unread, and
// so both ends know every byte that has to arrive, and every fault that must.

/** What a provider may do wrong, and when: `reset` before the answer, the others in the middle of it. */
export const FAULTS = ['reset', 'cut', 'status', 'stall', 'junk'] as const
export type Fault = (typeof FAULTS)[number]

export interface Script {
  /** Stands in every event and answer: what belongs to another request is noticed. */
  readonly id: number
  /** Pieces of content in a stream; 0: an answer in one JSON body; Infinity: as fast as they are taken, without an end. */
  readonly events: number
  /** Before the JSON answer, or between two events. */
  readonly gapMs: number
  readonly fault: Fault | null
}

const MODEL = 'gpt-4o-mini'

/** The whole request, head and body, in ASCII. */
export function requestOf(script: Script): string {
  const { id, events, gapMs, fault } = script
  const body = JSON.stringify({
    model: `openai/${MODEL}`,
    messages: [{ role: 'user', content: 'Explain how a reverse proxy relays an answer. '.repeat(16) }],
    user: `script ${id} ${events} ${gapMs} ${fault ?? 'none'}.`,
    ...(events > 0 && { stream: true }),
  })
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: soak.localhost',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

/** The script in a request; `null` when there is none. */
export function scriptIn(request: string): Script | null {
  const [, id, events, gapMs, fault] = /"script (\d+) (\d+|Infinity) (\d+) (\w+)\."/.exec(request) ?? []
  if (id === undefined) return null
  return {
    id: Number(id),
    events: Number(events),
    gapMs: Number(gapMs),
    fault: FAULTS.find((known) => known === fault) ?? null,
  }
}

const USAGE = { prompt_tokens: 214, completion_tokens: 40, total_tokens: 254 }

/** More than ASCII, so that nothing on the way may take characters for bytes. */
const contentOf = (id: number, index: number): string => ` piece ${index} of ${id}: é, 漢, 😀`

function chunkOf(id: number, fields: object): string {
  const chunk = {
    id: `chatcmpl-${id}`,
    object: 'chat.completion.chunk',
    created: 1_741_569_952,
    model: MODEL,
    ...fields,
  }
  return `data: ${JSON.stringify(chunk)}\n\n`
}

const choiceOf = (id: number, delta: object, finish_reason: string | null): string =>
  chunkOf(id, { choices: [{ index: 0, delta, logprobs: null, finish_reason }] })

/** An event of the stream by its place, blank line included; `null` behind the last one. */
export function eventAt({ id, events }: Script, index: number): string | null {
  if (index === 0) return choiceOf(id, { role: 'assistant', content: '' }, null)
  if (index <= events) return choiceOf(id, { content: contentOf(id, index) }, null)
  if (index === events + 1) return choiceOf(id, {}, 'stop')
  return index === events + 2 ? 'data: [DONE]\n\n' : null
}

/** Sent before `[DONE]` to who asks for it; the gateway does, its client does not and must not see it. */
export const usageEvent = ({ id }: Script): string => chunkOf(id, { choices: [], usage: USAGE })

/** All events of a whole stream: role, content, finish reason, `[DONE]`. */
export const eventCount = ({ events }: Script): number => events + 3

/** The answer in one body. */
export const completionOf = ({ id }: Script): string =>
  JSON.stringify({
    id: `chatcmpl-${id}`,
    object: 'chat.completion',
    created: 1_741_569_952,
    model: MODEL,
    choices: [
      { index: 0, message: { role: 'assistant', content: contentOf(id, 0).repeat(20) }, finish_reason: 'stop' },
    ],
    usage: USAGE,
  })
