import { anthropic } from './anthropic.ts'
import { cohere } from './cohere.ts'
import { ollama } from './ollama.ts'
import { failureOf, type Streams } from './reply.ts'

export interface Provider {
  readonly url: string
  readonly stop: () => Promise<void>
}

/**
 * Starts a provider that has what the simulator has not: the own APIs of Anthropic, Cohere and Ollama, and a stream in
 * OpenAI's words that ends only when its listener leaves.
 */
export function startProvider(): Provider {
  const streams = createStreams()
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url)
      if (pathname === '/streams') return Response.json({ opened: streams.opened, open: streams.open })
      const body: unknown = request.method === 'POST' ? await request.json() : {}
      const asked = body as Record<string, unknown> // only our own clients ask
      const [, api, ...rest] = pathname.split('/')
      const route = `${request.method} /${rest.join('/')}`
      const refusal = failureOf(String(asked['model']))
      const answer = apis[api ?? '']?.(route, asked, streams, refusal)
      return answer ?? Response.json({ error: `no ${route} at ${api}` }, { status: 404 })
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) }
}

type Api = (
  route: string,
  body: Readonly<Record<string, unknown>>,
  streams: Streams,
  refusal: { readonly status: number; readonly message: string } | null,
) => Response | null

const apis: Readonly<Record<string, Api>> = { openai, anthropic, cohere, ollama }

function openai(route: string, _body: unknown, streams: Streams): Response | null {
  if (route === 'GET /models') return Response.json({ object: 'list', data: [{ id: 'endless', object: 'model' }] })
  if (route !== 'POST /chat/completions') return null
  const delta = { role: 'assistant', content: 'on and ' }
  const chunk = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'endless',
    choices: [{ index: 0, delta, finish_reason: null }],
  }
  return streams.endless('text/event-stream', '', `data: ${JSON.stringify(chunk)}\n\n`)
}

const PART_MS = 20

function createStreams(): Streams {
  const counts = { opened: 0, open: 0 }
  return {
    get opened() {
      return counts.opened
    },
    get open() {
      return counts.open
    },
    endless(contentType, preamble, part) {
      counts.opened += 1
      counts.open += 1
      let timer: ReturnType<typeof setInterval>
      const body = new ReadableStream<string>({
        start(controller) {
          if (preamble !== '') controller.enqueue(preamble)
          timer = setInterval(() => controller.enqueue(part), PART_MS)
        },
        cancel() {
          clearInterval(timer)
          counts.open -= 1
        },
      })
      return new Response(body, { headers: { 'content-type': contentType } })
    },
  }
}
