import { type AppParts, routes } from './app.ts'
import { isLoopback } from './config/checks.ts'
import type { Settings } from './config/load.ts'
import { type Configuration, createConfigure } from './configured.ts'
import type { Dispatch } from './dispatch/complete.ts'
import { type RelayOptions, shutdown } from './dispatch/relay.ts'
import { createItemMemory } from './dispatch/item-memory.ts'
import { createResponseKeepers } from './handlers/response-keepers.ts'
import { type Clock, systemClock } from './kernel/clock.ts'
import type { Emit } from './kernel/events.ts'
import type { PriceOf } from './kernel/prices.ts'
import { createTicker } from './kernel/ticker.ts'
import { sleep, startTimer } from './kernel/timers.ts'
import { idleLimit, relayLimits, tickMs } from './limits.ts'
import { modelRoutes } from './model-routes.ts'
import { createUpstreams, createVerifier } from './outside.ts'
import type { Account } from './providers/provider.ts'
import { createBreakers } from './routing/breaker.ts'
import type { ModelRoute } from './routing/planner.ts'
import { createRetryBudget } from './routing/retry-budget.ts'
import { createSelector } from './routing/select.ts'
import { createErrorReplies, type ErrorReplies } from './server/error-reply.ts'
import type { Connection } from './server/listen.ts'
import { createRouter, type RouterParts } from './server/router.ts'
import { content } from './steps/content.ts'
import { cors, type CorsOptions } from './steps/cors.ts'
import { guard, type GuardParts } from './steps/guard.ts'
import { limit } from './steps/limit.ts'
import { observe } from './steps/observe.ts'
import { spanContent } from './steps/span-content.ts'
import type { Connections } from './upstream/client.ts'

export interface GatewayOptions extends Configuration {
  /** Base URLs of model servers found on this machine, by provider id. */
  readonly found?: Readonly<Record<string, string>>
  readonly version: string
  /** All authorities that are trusted, in PEM; by default the well-known ones. */
  readonly authorities?: readonly string[] | null
  /** The contract, parsed; read when somebody asks. */
  readonly contract: () => Promise<unknown>
  /** Hears everything that happens. */
  readonly emit: Emit
  /** What tokens cost; by default nobody knows. */
  readonly priceOf?: PriceOf
  /** Gives requests their place in a trace, and takes the metrics that clients push. */
  readonly telemetry?: (Pick<RouterParts, 'startTrace'> & { readonly pushed: AppParts['push'] }) | null
  readonly clock?: Clock
}

export interface Gateway {
  readonly fetch: (request: Request, connection: Connection) => Response | Promise<Response>
  /** The providers that can be asked. */
  readonly accounts: readonly Account[]
  /** For each provider that cannot be asked: what to set. */
  readonly requirements: ReadonlyMap<string, string>
  /** Whether a provider lists the model, or the configuration or the price table names it. Asks nobody. */
  readonly knowsModel: (provider: string, model: string) => boolean
  /** What works, but likely not as it is meant: a sentence each, as soon as the model lists are known. Never rejects. */
  readonly doubts: () => Promise<readonly string[]>
  readonly connections: () => Connections
  /** Takes over other providers and model names, whole. Requests that run keep what they have begun with. */
  readonly reload: (configuration: Configuration) => void
  /** Makes `/ready` answer 503. */
  readonly drain: () => void
  /** Ends all running streams with an error event. */
  readonly breakOff: () => void
  readonly close: () => void
}

/** Puts the parts together. The only place that knows all settings. */
export function createGateway(options: GatewayOptions): Gateway {
  const { settings, emit, clock = systemClock, priceOf = () => null, telemetry = null } = options
  const errorReplies = createErrorReplies(settings.errorFormat)
  const verifier = settings.enableAuth ? createVerifier(options, clock) : null
  const lasting = lastingParts(options, clock, priceOf)
  const configure = createConfigure(lasting)
  const { dispatch, breakOff } = dispatchParts(settings, lasting, errorReplies)
  const { selector, breakers } = lasting
  const budget = createRetryBudget({ clock })
  const following = { dispatch, selector, breakers, budget, clock, sleep, random: Math.random }
  const door = {
    watch: cors(pages(settings))(observe({ clock, emit, priceOf, errorReply: errorReplies.reply })),
    steps: stepsOf(verifier, options),
    limitBytes: settings.server.maxRequestBodyBytes,
    newId: () => crypto.randomUUID(),
    startTrace: telemetry?.startTrace ?? null,
  }
  let isDraining = false
  const fixed = {
    ...whoAnswers(options),
    contract: options.contract,
    push: settings.telemetry.pushEnabled ? (telemetry?.pushed ?? null) : null,
    isReady: () => !isDraining && (verifier?.ready() ?? true),
  }

  /** The route table and all it leads to are one value: a request goes the way that was open when it came. */
  function open(configuration: Configuration) {
    lasting.heed(configuration)
    const configured = configure(configuration)
    const variable = modelRoutes(configured, configuration, lasting, following)
    const providers = configured.accounts.map(({ provider }) => provider.id)
    const router = createRouter({ ...door, routes: routes({ ...fixed, ...variable, providers }) })
    configured.directory.warm()
    const { routes: names = new Map() } = configuration
    return { ...configured, router, named: new Set([...names.values()].flatMap(namedModels)) }
  }
  let current = open(options)
  verifier?.start()

  return {
    fetch: (request, connection) => current.router(request, connection),
    get accounts() {
      return current.accounts
    },
    get requirements() {
      return current.requirements
    },
    knowsModel: (provider, model) =>
      current.named.has(`${provider}/${model}`) ||
      current.directory.peek(model).some((listed) => listed.served_by === provider) ||
      priceOf(provider, model) !== null,
    doubts: () => current.doubts(),
    connections: lasting.upstream.connections,
    reload: (configuration) => void (current = open(configuration)),
    drain: () => (isDraining = true),
    breakOff,
    close() {
      current.directory.close()
      verifier?.close()
      lasting.upstream.close()
    },
  }
}

const whoAnswers = ({ settings, version }: GatewayOptions): Pick<AppParts, 'name' | 'version' | 'scheme'> => ({
  name: settings.applicationName,
  version,
  scheme: settings.server.tlsCertPath === null ? 'http' : 'https',
})

/** Outside of development a proxy may stand in front on the same machine, and pass on the name it is asked by. */
const pages = ({ server, isDevelopment }: Settings): CorsOptions => ({
  allowed: server.allowedOrigins,
  checksHost: isDevelopment && isLoopback(server.host),
})

const namedModels = ({ deployments }: ModelRoute): string[] =>
  deployments.map(({ provider, model }) => `${provider}/${model}`)

function stepsOf(
  verifier: GuardParts['verifier'],
  { settings, emit, telemetry }: GatewayOptions,
): RouterParts['steps'] {
  const { server, logContent, logLevel } = settings
  const limited = limit(server.maxInFlight)
  const logged = logContent && logLevel === 'debug' ? content(emit) : null
  const traced = settings.telemetry.captureContent && (telemetry?.startTrace ?? null) !== null ? spanContent : null
  return ({ access, acceptApiKeyHeader = false }) => {
    const guarded = guard({ access, verifier, acceptApiKeyHeader })
    if (access === 'public') return guarded
    return (next) => guarded(limited([logged, traced].reduce((inner, step) => step?.(inner) ?? inner, next)))
  }
}

type Lasting = ReturnType<typeof lastingParts>

/** What stays when the configuration is read again: pools, and what is known of targets. */
function lastingParts(
  { settings, found = {}, emit, version, authorities = null }: GatewayOptions,
  clock: Clock,
  priceOf: PriceOf,
) {
  let { providers } = settings
  const now: Settings = {
    ...settings,
    // Pools outlive a reload: what is set for a provider is looked up when it is asked.
    get providers() {
      return providers
    },
  }
  const { random } = Math
  const ticker = createTicker(tickMs(settings), startTimer)
  return {
    settings,
    now,
    found,
    emit,
    clock,
    priceOf,
    ticker,
    upstream: createUpstreams(now, { version, authorities, clock, ticker }),
    selector: createSelector({ random }),
    keepers: createResponseKeepers(),
    items: createItemMemory(),
    breakers: createBreakers({ clock, random, emit }),
    heed: (configuration: Configuration): void => void (providers = configuration.settings.providers),
  }
}

function dispatchParts(settings: Settings, lasting: Lasting, errorReplies: ErrorReplies) {
  const { upstream, clock, ticker } = lasting
  let isLeaving = false
  const usual: Omit<RelayOptions, keyof ReturnType<typeof idleLimit>> = {
    clock,
    ticker,
    errorEvent: (exchange, error) => errorReplies.event(error, exchange),
    isLeaving: () => isLeaving,
    ...relayLimits(settings),
  }
  const relay = (provider: string): RelayOptions => ({ ...usual, ...idleLimit(lasting.now, provider) })
  const breakOff = (): void => {
    isLeaving = true
    upstream.breakOff(shutdown())
    ticker.lookNow()
  }
  return { dispatch: { upstream, clock, relay } satisfies Dispatch, breakOff }
}
