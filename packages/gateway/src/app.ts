import { about, contract } from './handlers/about.ts'
import { chatCompletions, type ChatParts } from './handlers/chat-completions.ts'
import { health, ready } from './handlers/health.ts'
import { getModel, listModels, type ModelsParts } from './handlers/models.ts'
import { proxy, type ProxyParts } from './handlers/proxy.ts'
import { explainRoute, type RouteExplainParts } from './handlers/route-explain.ts'
import type { Route } from './server/router.ts'

export interface AppParts {
  readonly name: string
  readonly version: string
  readonly contract: () => Promise<unknown>
  readonly isReady: () => boolean
  readonly models: ModelsParts
  readonly chat: ChatParts
  readonly explain: RouteExplainParts
  readonly proxy: ProxyParts
}

/** The route table: every path, who may use it, and who answers. Each answers under `/v1` as well. */
export function routes(parts: AppParts): readonly Route[] {
  const passed = proxy(parts.proxy)
  const table: Route[] = [
    { name: '/health', path: '/health', access: 'public', methods: { GET: health } },
    { name: '/ready', path: '/ready', access: 'public', methods: { GET: ready(parts.isReady) } },
    { name: '/v1/models', path: '/models', access: 'caller', methods: { GET: listModels(parts.models) } },
    { name: '/v1/models/{id}', path: '/models/:id{.+}', access: 'caller', methods: { GET: getModel(parts.models) } },
    {
      name: '/v1/chat/completions',
      path: '/chat/completions',
      access: 'caller',
      methods: { POST: chatCompletions(parts.chat) },
    },
    {
      name: '/v1/route/explain',
      path: '/route/explain',
      access: 'caller',
      methods: { POST: explainRoute(parts.explain) },
    },
    {
      name: '/proxy/{provider}/{path}',
      path: '/proxy/:provider/*',
      access: 'caller',
      methods: { GET: passed, POST: passed, PUT: passed, PATCH: passed, DELETE: passed },
    },
    { name: '/openapi.json', path: '/openapi.json', access: 'caller', methods: { GET: contract(parts.contract) } },
  ]
  const listed = table.map(({ name, methods }) => `${Object.keys(methods).join('|')} ${name}`)
  const home = about({ name: parts.name, version: parts.version, routes: listed })
  return [{ name: '/', path: '/', access: 'caller', methods: { GET: home } }, ...table]
}
