import type { JWK } from 'jose'

type Answer = (request: Request) => Response | Promise<Response>

/** An identity provider on a socket that says what the test tells it to. */
export interface ScriptedProvider {
  readonly issuer: string
  readonly port: number
  /** What the key set holds now. */
  keys: readonly JWK[]
  /** Replaces the metadata's members. */
  metadata: Record<string, unknown>
  /** Answers instead, by path. */
  readonly answers: Map<string, Answer>
  /** How often a path was asked for. */
  asked(path: string): number
  stop(): Promise<void>
}

export const DISCOVERY = '/.well-known/openid-configuration'
export const JWKS = '/jwks'

export function startScriptedProvider({
  keys = [],
  port = 0,
}: {
  keys?: readonly JWK[]
  port?: number
}): ScriptedProvider {
  const asked: string[] = []
  const server = Bun.serve({
    port,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url)
      asked.push(pathname)
      const answer = provider.answers.get(pathname)
      if (answer !== undefined) return answer(request)
      if (pathname === DISCOVERY) return Response.json(provider.metadata)
      return pathname === JWKS ? Response.json({ keys: provider.keys }) : new Response('', { status: 404 })
    },
  })
  const issuer = `http://127.0.0.1:${server.port}`
  const provider: ScriptedProvider = {
    issuer,
    port: Number(server.port),
    keys,
    metadata: { issuer, jwks_uri: `${issuer}${JWKS}` },
    answers: new Map(),
    asked: (path) => asked.filter((each) => each === path).length,
    stop: () => server.stop(true),
  }
  return provider
}

/** Answers that are no JSON document of the expected kind, as broken or hijacked servers give them. */
export const nonsense: Readonly<Record<string, Answer>> = {
  'an error in JSON': () => Response.json({ error: 'invalid_client', keys: [] }, { status: 401 }),
  'status 500': () => new Response('', { status: 500 }),
  'a redirect': (request) => Response.redirect(new URL('/elsewhere', request.url).href, 302),
  'a web page': () =>
    new Response('<!doctype html><title>Sign in</title>', { headers: { 'content-type': 'text/html' } }),
  'a list': () => Response.json([]),
  '5 MiB': () => new Response(`{"issuer":"${'x'.repeat(5 * 1024 * 1024)}"}`),
  'an empty body': () => new Response(''),
}

/** Accepts and never answers. */
export const hang: Answer = () => Promise.withResolvers<Response>().promise
