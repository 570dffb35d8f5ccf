import type { RouteExplanation } from '@inference-gateway/protocol/route'
import { type Chat, chatBody, createChat } from './chat/chat.ts'
import type { ChatRequest } from './chat/request.ts'
import { type Client, createClient } from './client.ts'
import { createEmbeddings, type Embeddings } from './embeddings.ts'
import { type Health, health } from './health.ts'
import type { Reply } from './http/reply.ts'
import type { Door } from './http/send.ts'
import { createModels, type Models } from './models.ts'
import {
  type GatewayOptions,
  DEFAULTS,
  joinOptions,
  normalizeBaseUrl,
  type ProviderId,
  refuseProviderKey,
  type RequestOptions,
  type Settled,
  variable,
} from './options.ts'
import { createProxy, type Proxy } from './proxy.ts'

/** The client of an inference gateway. Holds no connection and no state: make one, or many. */
export class Gateway {
  /** Without `/v1`. Vendor-neutral clients are given `${gw.baseURL}/v1`. */
  readonly baseURL: string
  /** Answers: whole, as a stream, with tools, as an object. */
  readonly chat: Chat
  /** The models there are. */
  readonly models: Models
  /** Texts as vectors. */
  readonly embeddings: Embeddings
  // Private: a client that is printed shows no token.
  readonly #options: GatewayOptions & Settled
  readonly #door: Door
  readonly #client: Client

  /** Throws TypeError for a base URL that is none, and for a provider's secret key in a page. */
  constructor(options: GatewayOptions = {}) {
    // What is empty is not said: so do variables of the environment that stay unset.
    const baseURL = options.baseURL || variable('INFERENCE_GATEWAY_URL') || 'http://localhost:8080'
    const apiKey = options.apiKey || variable('INFERENCE_GATEWAY_API_KEY')
    const { defaults = {} } = options
    // oxlint-disable-next-line no-console -- somebody asked for it
    const { log = variable('INFERENCE_GATEWAY_LOG') ? console.error : () => {} } = options
    refuseProviderKey(apiKey)
    this.baseURL = normalizeBaseUrl(baseURL)
    this.#options = joinOptions<GatewayOptions & Settled>(DEFAULTS, options)
    this.#door = { baseURL: this.baseURL, apiKey, fetch: options.fetch ?? ((url, init) => fetch(url, init)), log }
    this.#client = createClient(this.#door, this.#options)
    this.chat = createChat(this.#client, defaults)
    this.models = createModels(this.#client)
    this.embeddings = createEmbeddings(this.#client)
  }

  /** The token as a text, for clients that ask for one; `unused` when there is none or a function gives it. */
  get key(): string {
    const { apiKey } = this.#door
    return typeof apiKey === 'string' ? apiKey : 'unused'
  }

  /** A client with other options over these. */
  with(options: GatewayOptions): Gateway {
    const defaults = { ...this.#options.defaults, ...options.defaults }
    return new Gateway({ ...joinOptions(this.#options, options), defaults })
  }

  /** A provider's own API, with the gateway's key. */
  proxy(provider: ProviderId): Proxy {
    return createProxy(this.#door, this.#options, provider)
  }

  /** What would become of a chat request: who would be asked, in which order, with which changes. Nobody is asked. */
  explain(request: ChatRequest, options?: RequestOptions): Reply<RouteExplanation> {
    const body = chatBody(this.#options.defaults ?? {}, request)
    return this.#client.ask<RouteExplanation>('POST', '/v1/route/explain', options, body)
  }

  /** Whether the gateway runs and takes requests. Throws ConnectionError when nobody answers. */
  health(options?: RequestOptions): Promise<Health> {
    return health(this.#door, this.#options, options)
  }
}
