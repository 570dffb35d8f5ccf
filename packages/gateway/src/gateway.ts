import type { RouteLimits, RouteTimeouts } from '@inference-gateway/protocol/route'
import { type AppParts, routes } from './app.ts'
import type { Settings } from './config/load.ts'
import { type Configuration, type Configured, createConfigure } from './configured.ts'
import type { ChatDispatch } from './dispatch/chat.ts'
import type { RelayOptions } from './dispatch/relay.ts'
import { followChat, type FollowParts } from './handlers/follow-chat.ts'
import { requirePermitted } from './handlers/proxy-policy.ts'
import { type Clock, systemClock } from './kernel/clock.ts'
import type { Emit } from './kernel/events.ts'
import { createTicker } from './kernel/ticker.ts'
import { sleep, startTimer } from './kernel/timers.ts'
import { callLimits, createUpstreams, createVerifier } from './outside.ts'
import type { Account } from './providers/provider.ts'
import { createBreakers } from './routing/breaker.ts'
import { requireProvider } from './routing/model-name.ts'
import type { ModelPolicy } from './routing/model-policy.ts'
import { createRetryBudget } from './routing/retry-budget.ts'
import { createSelector } from './routing/select.ts'
import { createErrorReplies, type ErrorReplies } from './server/error-reply.ts'
import type { Connection } from './server/listen.ts'
import { createRouter, type RouterParts } from './server/router.ts'
import { guard, type GuardParts } from './steps/guard.ts'
import { limit } from './steps/limit.ts'
import { observe } from './steps/observe.ts'

export interface GatewayOptions extends Configuration {
  /** Base URLs of model servers found on this machine, by provider id. */
  readonly found?: Readonly<Record<string, string>>
  readonly version: string
  /** The contract, parsed; read when somebody asks. */
  readonly contract: () => Promise<unknown>
  /** Hears everything that happens. */
  readonly emit: Emit
  readonly clock?: Clock
}

export interface Gateway {
  readonly fetch: (request: Request, connection: Connection) => Response | Promise<Response>
  /** The providers that can be asked. */
  readonly accounts: readonly Account[]
  /** For each provider that cannot be asked: what to set. */
  readonly requirements: ReadonlyMap<string, string>
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
  const { settings, emit, clock = systemClock } = options
  const errorReplies = createErrorReplies(settings.errorFormat)
  const verifier = settings.enableAuth ? createVerifier(settings, clock, emit) : null
  const lasting = lastingParts(options, clock)
  const configure = createConfigure(lasting)
  const { dispatch, breakOff } = dispatchParts(settings, lasting, errorReplies)
  const { selector, breakers } = lasting
  const budget = createRetryBudget({ clock })
  const follow = { dispatch, selector, breakers, budget, clock, sleep, random: Math.random }
  const door = {
    watch: observe({ clock, emit, errorReply: errorReplies.reply }),
    steps: stepsOf(verifier, settings),
    limitBytes: settings.server.maxRequestBodyBytes,
    newId: () => crypto.randomUUID(),
  }
  let isDraining = false
  const fixed = {
    name: settings.applicationName,
    version: options.version,
    contract: options.contract,
    isReady: () => !isDraining && (verifier?.ready() ?? true),
  }

  /** The route table and all it leads to are one value: a request goes the way that was open when it came. */
  function open(configuration: Configuration) {
    lasting.heed(configuration)
    const configured = configure(configuration)
    const variable = modelRoutes(configured, configuration, lasting, follow)
    const router = createRouter({ ...door, routes: routes({ ...fixed, ...variable }) })
    configured.directory.warm()
    return { ...configured, router }
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

function stepsOf(verifier: GuardParts['verifier'], { server }: Settings): RouterParts['steps'] {
  const limited = limit(server.maxInFlight)
  return (access) => {
    const guarded = guard({ access, verifier, acceptApiKeyHeader: false })
    return access === 'public' ? guarded : (next) => guarded(limited(next))
  }
}

type Lasting = ReturnType<typeof lastingParts>

/** What stays when the configuration is read again: pools, and what is known of targets. */
function lastingParts({ settings, found = {}, emit, version }: GatewayOptions, clock: Clock) {
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
    ticker,
    upstream: createUpstreams(now, { version, clock, ticker }),
    selector: createSelector({ random }),
    breakers: createBreakers({ clock, random, emit }),
    heed: (configuration: Configuration): void => void (providers = configuration.settings.providers),
  }
}

/** The parts of the routes that depend on the configuration. */
function modelRoutes(
  { rules, listing, policy, plan, preview, target }: Configured,
  { settings: { providers } }: Configuration,
  { settings, breakers, clock }: Lasting,
  follow: Omit<FollowParts, 'permit'>,
): Pick<AppParts, 'models' | 'chat' | 'explain' | 'proxy'> {
  const permit = permitOf(policy)
  return {
    models: { listing, requireProvider: (provider) => requireProvider(provider, rules) },
    chat: { plan, follow: followChat({ ...follow, permit }) },
    explain: {
      preview,
      permit,
      breakers,
      clock,
      limits: routeLimits(settings),
      timeouts: (provider) => providerTimeouts({ ...settings, providers }, provider),
    },
    proxy: {
      account: (provider) => target(requireProvider(provider, rules), ''),
      isAllowed: policy.isOpen ? null : policy.isAllowed,
      dispatch: follow.dispatch,
    },
  }
}

const permitOf = ({ isOpen, isAllowed }: ModelPolicy): FollowParts['permit'] =>
  isOpen ? null : (models, { provider }) => requirePermitted(models, (model) => isAllowed(provider.id, model))

const limitOrNone = (limit: number): number | null => (limit === 0 ? null : limit)

function providerTimeouts(settings: Settings, provider: string): Omit<RouteTimeouts, 'first_token_ms'> {
  const { connectTimeoutMs, sendTimeoutMs, responseHeaderTimeoutMs } = callLimits(settings, provider)
  const { idleTimeoutMs, maxDurationMs } = relayLimits(settings)
  return {
    connect_ms: limitOrNone(connectTimeoutMs),
    send_ms: limitOrNone(sendTimeoutMs),
    response_header_ms: limitOrNone(responseHeaderTimeoutMs),
    stream_idle_ms: limitOrNone(idleTimeoutMs),
    stream_ms: limitOrNone(maxDurationMs),
  }
}

const routeLimits = ({ server, models }: Settings): RouteLimits => ({
  body_bytes: server.maxRequestBodyBytes,
  in_flight: limitOrNone(server.maxInFlight),
  read_ms: limitOrNone(server.readTimeoutMs),
  write_ms: limitOrNone(server.writeTimeoutMs),
  allowed_models: models.allowed,
  disallowed_models: models.disallowed,
})

function dispatchParts(settings: Settings, lasting: Lasting, errorReplies: ErrorReplies) {
  const { upstream, clock, ticker } = lasting
  let isLeaving = false
  const usual: RelayOptions = {
    clock,
    ticker,
    errorEvent: (exchange, error) => errorReplies.event(error, exchange),
    isLeaving: () => isLeaving,
    ...relayLimits(settings),
  }
  const relay = (provider: string): RelayOptions => {
    const idleTimeoutMs = lasting.now.providers[provider]?.streamIdleTimeoutMs ?? null
    return idleTimeoutMs === null ? usual : { ...usual, idleTimeoutMs }
  }
  const breakOff = (): void => {
    isLeaving = true
    ticker.lookNow()
  }
  return { dispatch: { upstream, clock, relay } satisfies ChatDispatch, breakOff }
}

function relayLimits({ client, streams, server }: Settings) {
  return {
    idleTimeoutMs: client.streamIdleTimeoutMs,
    maxDurationMs: client.maxStreamDurationMs,
    keepaliveMs: streams.keepaliveIntervalMs,
    writeTimeoutMs: server.writeTimeoutMs,
  }
}

/** Often enough to notice the shortest limit in time, and a client that has left well within a second. */
function tickMs(settings: Settings): number {
  const { timeoutMs, responseHeaderTimeoutMs } = settings.client
  const own = Object.values(settings.providers).flatMap((each) => [
    each.responseHeaderTimeoutMs ?? 0,
    each.streamIdleTimeoutMs ?? 0,
  ])
  const limitsMs = [timeoutMs, responseHeaderTimeoutMs, ...own, ...Object.values(relayLimits(settings))]
  return Math.max(5, Math.min(250, ...limitsMs.filter((ms) => ms > 0).map((ms) => ms / 4)))
}
