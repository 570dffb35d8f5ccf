import { anthropic } from './anthropic.ts'
import { cohere } from './cohere.ts'
import { ollama } from './ollama.ts'
import { openai } from './openai.ts'
import { failureOf, type Streams } from './reply.ts'

export interface Provider {
  readonly url: string
  readonly stop: () => Promise<void>
}

/**
 * Starts a provider that has what the simulator has not: the own APIs of Anthropic, Cohere and Ollama, streams that end
 * only when their listener leaves, a model that never answers, and a memory of what it was asked last.
 */
export function startProvider(): Provider {
  const streams = createStreams()
  let seen = ''
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url)
      if (pathname === '/streams') return Response.json({ opened: streams.opened, open: streams.open })
      if (pathname === '/seen') {
        const told = seen
        seen = '' // what one client has sent shall not speak for the next
        return new Response(told)
      }
      if (request.method === 'POST') seen = await request.text()
      const body: unknown = request.method === 'POST' ? JSON.parse(seen) : {}
      const asked = body as Record<string, unknown> // only our own clients ask
      if (asked['model'] === 'silent') return streams.never(request.signal)
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
    never(signal) {
      counts.opened += 1
      counts.open += 1
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          counts.open -= 1
          reject(new Error('nobody waits any longer'))
        })
      })
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
