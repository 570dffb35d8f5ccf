import { about, type AboutParts, contract } from './handlers/about.ts'
import { chatCompletions, type ChatParts } from './handlers/chat-completions.ts'
import { health, ready } from './handlers/health.ts'
import { countTokens, messages } from './handlers/messages.ts'
import { getModel, listModels, type ModelsParts } from './handlers/models.ts'
import { proxy, type ProxyParts } from './handlers/proxy.ts'
import { pushMetrics, type PushMetricsParts } from './handlers/push-metrics.ts'
import { relayed, relayedOperations, type RelayedParts } from './handlers/relayed.ts'
import { explainRoute, type RouteExplainParts } from './handlers/route-explain.ts'
import { responses, type ResponsesParts, storedResponse, type StoredResponseParts } from './handlers/responses.ts'
import type { Route } from './server/router.ts'

export interface AppParts {
  readonly name: string
  readonly version: string
  readonly scheme: AboutParts['scheme']
  readonly providers: AboutParts['providers']
  readonly contract: () => Promise<unknown>
  readonly isReady: () => boolean
  readonly models: ModelsParts
  readonly chat: ChatParts
  readonly responses: ResponsesParts & StoredResponseParts
  readonly relayed: RelayedParts
  readonly explain: RouteExplainParts
  readonly proxy: ProxyParts
  /** `null`: clients push no metrics. */
  readonly push: PushMetricsParts | null
}

/** The route table: every path, who may use it, and who answers. Each answers under every base path as well. */
export function routes(parts: AppParts): readonly Route[] {
  const passed = proxy(parts.proxy)
  const stored = storedResponse(parts.responses)
  const table: Route[] = [
    { name: '/health', path: '/health', access: 'public', methods: { GET: health } },
    { name: '/ready', path: '/ready', access: 'public', methods: { GET: ready(parts.isReady) } },
    { name: '/v1/models', path: '/models', ...anthropicDoor, methods: { GET: listModels(parts.models) } },
    { name: '/v1/models/{id}', path: '/models/:id{.+}', ...anthropicDoor, methods: { GET: getModel(parts.models) } },
    {
      name: '/v1/chat/completions',
      path: '/chat/completions',
      access: 'caller',
      methods: { POST: chatCompletions(parts.chat) },
    },
    ...anthropicRoutes(parts.chat),
    { name: '/v1/responses', path: '/responses', access: 'caller', methods: { POST: responses(parts.responses) } },
    // Before the stored responses, among whose paths some of these would be.
    ...relayedOperations.map((operation): Route => {
      const path = `/${operation.name}`
      return { name: `/v1${path}`, path, access: 'caller', methods: { POST: relayed(operation, parts.relayed) } }
    }),
    {
      name: '/v1/responses/{id}',
      path: '/responses/:id{.+}',
      access: 'caller',
      methods: { GET: stored, DELETE: stored },
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
    ...pushRoutes(parts),
    { name: '/openapi.json', path: '/openapi.json', access: 'caller', methods: { GET: contract(parts.contract) } },
  ]
  const listed = table.map(({ name, methods }) => `${Object.keys(methods).join('|')} ${name}`)
  const home = about({ ...parts, routes: listed })
  return [{ name: '/', path: '/', access: 'caller', methods: { GET: home } }, ...table]
}

/** Clients of Anthropic's dialect send their token under its name, to the model list as well. */
const anthropicDoor = { access: 'caller', acceptApiKeyHeader: true } as const

function anthropicRoutes(chat: ChatParts): readonly Route[] {
  return [
    { name: '/v1/messages', path: '/messages', ...anthropicDoor, methods: { POST: messages(chat) } },
    {
      name: '/v1/messages/count_tokens',
      path: '/messages/count_tokens',
      ...anthropicDoor,
      methods: { POST: countTokens(chat) },
    },
  ]
}

/** Where clients push their metrics, if they may. */
const pushRoutes = ({ push }: AppParts): Route[] =>
  push === null
    ? []
    : [{ name: '/v1/metrics', path: '/metrics', access: 'caller', methods: { POST: pushMetrics(push) } }]
