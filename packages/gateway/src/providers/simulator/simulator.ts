import type { UpstreamRequest } from '../provider.ts'
import { limitTo, stopAt } from './answer.ts'
import type { Completion } from './completion.ts'
import { embeddingsBody } from './embeddings.ts'
import { aborted } from './faults.ts'
import { hash } from './hash.ts'
import { isObject } from './json-value.ts'
import { findModel, modelList } from './models.ts'
import { badRequest, Refusal } from './refusal.ts'
import { jsonReply, plainReply, refusalReply, streamReply, type Delivery } from './reply.ts'
import { readRequest } from './request.ts'
import type { Sleep } from './stream.ts'
import { usageOf } from './usage.ts'

export interface SimulatorOptions {
  readonly sleep: Sleep
  /** How fast answers are streamed where the request does not say. 60 when absent; 0 never waits. */
  readonly tokensPerSecond?: number
  /** Milliseconds to the first token where the request does not say. 150 when absent, none at 0 tokens per second. */
  readonly firstTokenMs?: number
  /** Unix time in milliseconds, for `created`. A fixed moment when absent, so that equal requests get equal answers. */
  readonly now?: () => number
}

/** Unix seconds. Models, and answers without a clock, need some time of birth. */
const BIRTH = 1_735_689_600

/** Like an upstream, but what answers is a plain response. */
export interface Simulator {
  send(request: UpstreamRequest): Promise<Response>
}

/**
 * A provider that lives in the process: it speaks OpenAI's chat completions as real services do, with their timing and
 * their failures, and answers by rules. Equal requests get equal answers, except from `flaky`. `send` rejects with the
 * signal's reason when that aborts first.
 */
export function createSimulator(options: SimulatorOptions): Simulator {
  const { sleep, tokensPerSecond = 60, now = () => BIRTH * 1000 } = options
  const firstTokenMs = options.firstTokenMs ?? (tokensPerSecond === 0 ? 0 : 150)
  const turns = new Map<string, number>()

  function nextTurn(model: string): number {
    const turn = (turns.get(model) ?? 0) + 1
    turns.set(model, turn)
    return turn
  }

  async function chat(id: string, body: unknown, signal: AbortSignal): Promise<Response> {
    const request = readRequest(body)
    const { name, model, knobs } = findModel(request.model)
    const whole = model.answer(request, knobs, nextTurn(name))
    const answer = limitTo(stopAt(whole, request.stops), request.maxTokens)
    const completion: Completion = {
      id: `chatcmpl-${id}`,
      created: Math.floor(now() / 1000),
      model: name,
      answer,
      choiceCount: request.choiceCount,
      usage: usageOf(request, answer),
    }
    const usual = model.pace ?? { tokensPerSecond, firstTokenMs }
    const pace = {
      tokensPerSecond: knobs.tps ?? usual.tokensPerSecond,
      firstTokenMs: knobs.ttft ?? usual.firstTokenMs,
    }
    const delivery: Delivery = { pace, breaks: model.breaks ?? null, sleep, signal }
    return request.stream
      ? streamReply(id, completion, request.includeUsage, delivery)
      : plainReply(id, completion, delivery)
  }

  async function send(request: UpstreamRequest): Promise<Response> {
    request.signal.throwIfAborted()
    const route = `${request.method} ${request.path.replace(/\?.*$/, '')}`
    let id = hash(route)
    try {
      if (route === 'GET /models') return jsonReply(id, modelList(BIRTH))
      if (route !== 'POST /chat/completions' && route !== 'POST /embeddings') throw unknownRoute(route)
      const body = await readJson(request)
      id = hash(questionOf(body))
      if (route === 'POST /embeddings') return jsonReply(id, embeddingsBody(body))
      return await chat(id, body, request.signal)
    } catch (error) {
      if (error instanceof Refusal) return refusalReply(id, error)
      throw error
    }
  }

  return { send }
}

/** What is asked, however the answer is to be delivered: streamed or not, ids are the same. */
function questionOf(body: unknown): string {
  if (!isObject(body)) return ''
  const { stream: _stream, stream_options: _options, ...question } = body
  return JSON.stringify(question)
}

async function readJson({ body, signal }: UpstreamRequest): Promise<unknown> {
  const bytes =
    body instanceof ReadableStream ? await Promise.race([new Response(body).arrayBuffer(), aborted(signal)]) : body
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes ?? new Uint8Array()))
  } catch {
    throw badRequest('The body is not JSON in UTF-8.')
  }
}

function unknownRoute(route: string): Refusal {
  return new Refusal({
    status: 404,
    message: `The simulator does not know ${route}. It knows GET /models, POST /chat/completions and POST /embeddings.`,
    type: 'invalid_request_error',
    code: null,
  })
}
