import { routes } from './app.ts'
import type { CustomProvider } from './config/custom-provider.ts'
import type { Settings } from './config/load.ts'
import type { RelayOptions } from './dispatch/relay.ts'
import type { ChatDispatch } from './dispatch/chat.ts'
import { fetchModelPage } from './dispatch/model-page.ts'
import { type Clock, systemClock } from './kernel/clock.ts'
import { GatewayError } from './kernel/errors.ts'
import type { Emit } from './kernel/events.ts'
import { createTicker } from './kernel/ticker.ts'
import { runAfter, sleep, startTimer } from './kernel/timers.ts'
import { type AccountsOptions, configuredAccounts, requirementOf } from './providers/accounts.ts'
import { createUpstreams, createVerifier } from './outside.ts'
import { catalog } from './providers/catalog.ts'
import type { Account, Provider, Target, Upstream } from './providers/provider.ts'
import { simulatorProvider } from './providers/simulator/row.ts'
import { requirePermitted } from './handlers/proxy-policy.ts'
import { createModelDirectory } from './routing/model-directory.ts'
import { createModelListing } from './routing/model-listing.ts'
import { type ModelNameRules, requireProvider } from './routing/model-name.ts'
import { createPlanner, type ModelRoute } from './routing/planner.ts'
import { createRetryBudget } from './routing/retry-budget.ts'
import { createSelector } from './routing/select.ts'
import { createBreakers } from './routing/breaker.ts'
import type { ChatParts } from './handlers/chat-completions.ts'
import { followChat } from './handlers/follow-chat.ts'
import { createModelPolicy, type ModelPolicy } from './routing/model-policy.ts'
import { createErrorReplies, type ErrorReplies } from './server/error-reply.ts'
import type { Connection } from './server/listen.ts'
import { createRouter } from './server/router.ts'
import { guard } from './steps/guard.ts'
import { limit } from './steps/limit.ts'
import { observe } from './steps/observe.ts'

export interface GatewayOptions {
  readonly settings: Settings
  readonly customProviders?: readonly CustomProvider[]
  /** Base URLs of model servers found on this machine, by provider id. */
  readonly found?: Readonly<Record<string, string>>
  /** The operator's own model names. */
  readonly routes?: ReadonlyMap<string, ModelRoute>
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
  const providers = providerParts(options)
  const upstream = createUpstreams(settings, options.version)
  const verifier = settings.enableAuth ? createVerifier(settings, clock, emit) : null
  const { directory, policy, listing } = modelParts(options, providers, upstream, clock)
  const { dispatch, breakOff } = dispatchParts(settings, upstream, clock, errorReplies)
  let isDraining = false
  const rules: ModelNameRules = { ...providers.rules, aliases: new Map(), directory }

  const table = routes({
    name: settings.applicationName,
    version: options.version,
    contract: options.contract,
    isReady: () => !isDraining && (verifier?.ready() ?? true),
    models: { listing, requireProvider: (provider) => requireProvider(provider, rules) },
    chat: chatParts({ ...options, clock }, { providers, rules, policy, dispatch }),
    proxy: {
      account: (provider) => providers.target(requireProvider(provider, rules), ''),
      isAllowed: policy.isOpen ? null : policy.isAllowed,
      dispatch,
    },
  })
  const limited = limit(settings.server.maxInFlight)
  const router = createRouter({
    routes: table,
    watch: observe({ clock, emit, errorReply: errorReplies.reply }),
    steps: (access) => {
      const guarded = guard({ access, verifier, acceptApiKeyHeader: false })
      return access === 'public' ? guarded : (next) => guarded(limited(next))
    },
    limitBytes: settings.server.maxRequestBodyBytes,
    newId: () => crypto.randomUUID(),
  })
  verifier?.start()
  directory.warm()

  return {
    fetch: router,
    accounts: providers.accounts,
    requirements: providers.requirements,
    drain: () => (isDraining = true),
    breakOff,
    close() {
      directory.close()
      verifier?.close()
      upstream.close()
    },
  }
}

interface ChatNeeds {
  readonly providers: ProviderParts
  readonly rules: ModelNameRules
  readonly policy: ModelPolicy
  readonly dispatch: ChatDispatch
}

function chatParts(
  { settings, routes: aliases = new Map(), emit, clock }: GatewayOptions & { readonly clock: Clock },
  { providers, rules, policy, dispatch }: ChatNeeds,
): ChatParts {
  const { random } = Math
  const selector = createSelector({ random })
  const target = (id: string, model: string) => providers.target(id, model)
  const retries = settings.routing.retryEnabled
  return {
    plan: createPlanner({ rules, routes: aliases, selector, target, isAllowed: policy.isAllowed, retries }),
    follow: followChat({
      dispatch,
      selector,
      clock,
      sleep,
      random,
      breakers: createBreakers({ clock, random, emit }),
      budget: createRetryBudget({ clock }),
      permit: policy.isOpen
        ? null
        : (models, { provider }) => requirePermitted(models, (model) => policy.isAllowed(provider.id, model)),
    }),
  }
}

function modelParts({ settings, emit }: GatewayOptions, providers: ProviderParts, upstream: Upstream, clock: Clock) {
  const directory = createModelDirectory({
    accounts: providers.accounts,
    fetchPage: (account, endpoint, signal) => fetchModelPage(upstream, account, endpoint, signal),
    clock,
    after: runAfter,
    ttlMs: settings.models.listTtlMs,
    ...(settings.client.timeoutMs === 0 ? {} : { limitMs: settings.client.timeoutMs }),
    emit,
  })
  const policy = createModelPolicy({ ...settings.models, providers: new Set(providers.rules.known.keys()) })
  const listing = createModelListing({
    directory,
    isAllowed: policy.isAllowed,
    idFormat: settings.models.idFormat,
    providers: providers.rules.configured,
  })
  return { directory, policy, listing }
}

type ProviderParts = ReturnType<typeof providerParts>

function providerParts({ settings, customProviders = [], found = {} }: GatewayOptions) {
  const rows: readonly Provider[] = [
    ...catalog,
    ...customProviders,
    ...(settings.simulatorEnabled ? [simulatorProvider] : []),
  ]
  // In development nothing runs at Ollama's address in a container network: only what is found or set is asked.
  // The simulator lives here, and a provider of the file brings its address along.
  const addresses = Object.fromEntries([simulatorProvider, ...customProviders].map(({ id, baseUrl }) => [id, baseUrl]))
  const options: AccountsOptions = { settings: settings.providers, found, trustsDefaults: !settings.isDevelopment }
  const accounts = configuredAccounts(rows, { ...options, found: { ...addresses, ...found } })
  const byId = new Map(accounts.map((account) => [account.provider.id, account]))
  const known = new Map(rows.map((row) => [row.id, requirementOf(row, options)]))
  return {
    accounts,
    rules: { known, configured: new Set(byId.keys()) },
    requirements: new Map([...known].filter(([id]) => !byId.has(id))),
    target(id: string, model: string): Target {
      const account = byId.get(id)
      if (account === undefined)
        throw new GatewayError('provider_not_configured', `Provider requires an API key. Set ${known.get(id)}.`)
      return { provider: account.provider, credential: account.credential, model }
    },
  }
}

function dispatchParts(settings: Settings, upstream: Upstream, clock: Clock, errorReplies: ErrorReplies) {
  const limits = relayLimits(settings)
  const ticker = createTicker(tickMs(Object.values(limits)), startTimer)
  let isLeaving = false
  const relay: RelayOptions = {
    clock,
    ticker,
    errorEvent: (exchange, error) => errorReplies.event(error, exchange),
    isLeaving: () => isLeaving,
    ...limits,
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

/** Often enough to notice the shortest limit in time, and at least once a second. */
const tickMs = (limitsMs: readonly number[]) =>
  Math.max(5, Math.min(1000, ...limitsMs.filter((ms) => ms > 0).map((ms) => ms / 4)))
