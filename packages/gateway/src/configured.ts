import type { CustomProvider } from './config/custom-provider.ts'
import type { Settings } from './config/load.ts'
import { fetchModelPage } from './dispatch/model-page.ts'
import type { Clock } from './kernel/clock.ts'
import { GatewayError } from './kernel/errors.ts'
import type { Emit } from './kernel/events.ts'
import type { PriceOf } from './kernel/prices.ts'
import { runAfter } from './kernel/timers.ts'
import { type AccountsOptions, configuredAccounts, requirementOf } from './providers/accounts.ts'
import { catalog } from './providers/catalog.ts'
import { withUsualOperations } from './providers/usual-operations.ts'
import type { Account, Provider, Target, Upstream } from './providers/provider.ts'
import { simulatorProvider } from './providers/simulator/row.ts'
import type { OwnedBreakers } from './routing/breaker.ts'
import { createModelDirectory, type KeptLists } from './routing/model-directory.ts'
import { createModelListing, ownModels } from './routing/model-listing.ts'
import { answererHeaders, type ModelNameRules } from './routing/model-name.ts'
import { createModelPolicy } from './routing/model-policy.ts'
import { permittedDirectory } from './routing/permitted-directory.ts'
import { policyDoubts } from './routing/policy-doubts.ts'
import { createPlanner, type ModelRoute, type Planner } from './routing/planner.ts'
import type { Selector } from './routing/select.ts'

/** What can be read again while the gateway runs. */
export interface Configuration {
  /** Of which only the providers' are read again; keys are those of the start, since the environment does not change. */
  readonly settings: Settings
  readonly customProviders?: readonly CustomProvider[]
  /** The operator's own model names. */
  readonly routes?: ReadonlyMap<string, ModelRoute>
}

/** What stays the same however often the configuration is read. */
export interface LastingParts {
  readonly settings: Settings
  /** Base URLs of model servers found on this machine, by provider id. */
  readonly found: Readonly<Record<string, string>>
  readonly upstream: Upstream
  readonly selector: Selector
  readonly breakers: OwnedBreakers
  readonly clock: Clock
  readonly emit: Emit
  readonly priceOf: PriceOf
}

/** All that follows from a configuration. Never changes: a request keeps the one it has begun with. */
export type Configured = ReturnType<ReturnType<typeof createConfigure>>

/**
 * Makes everything that depends on the configuration. Made again, a provider that is still the same keeps its model
 * lists, breakers and measurements; one that has changed or gone loses them.
 */
export function createConfigure(lasting: LastingParts) {
  const kept: KeptLists = new WeakMap()
  let before: readonly Account[] = []
  return (configuration: Configuration) => {
    const providers = providerParts(configuration, lasting, before)
    for (const { provider } of before.filter((account) => !providers.accounts.includes(account))) {
      lasting.breakers.forget(provider.id)
      lasting.selector.forget(provider.id)
    }
    before = providers.accounts
    const models = modelParts(configuration, providers, lasting, kept)
    return { ...providers, ...models, ...planners(configuration, providers, models, lasting) }
  }
}

/** A provider may be asked for chat in its own dialect. */
const speaking =
  (dialects: Readonly<Record<string, string>>) =>
  (row: Provider): Provider =>
    (dialects[row.id] ?? 'openai') === 'openai' ? row : { ...row, chatsNatively: true }

/** Who is told to look at an address must not look for a variable that nobody has set. */
const namingUrlSource =
  (settings: Settings['providers']) =>
  (row: Provider): Provider =>
    (settings[row.id]?.apiUrl ?? null) === null
      ? { ...row, urlSource: `base_url of ${row.id} in the configuration file` }
      : row

type ProviderParts = ReturnType<typeof providerParts>

function providerParts(
  { settings: { providers: settings }, customProviders = [] }: Configuration,
  { settings: { isDevelopment, simulatorEnabled, dialects }, found }: LastingParts,
  before: readonly Account[],
) {
  const rows: readonly Provider[] = [
    ...catalog.map(speaking(dialects)),
    ...customProviders.map(withUsualOperations).map(namingUrlSource(settings)),
    ...(simulatorEnabled ? [simulatorProvider] : []),
  ]
  // In development nothing runs at Ollama's address in a container network: only what is found or set is asked.
  // The simulator lives here, and a provider of the file brings its address along.
  const addresses = Object.fromEntries([simulatorProvider, ...customProviders].map(({ id, baseUrl }) => [id, baseUrl]))
  const options: AccountsOptions = { settings, found: { ...addresses, ...found }, trustsDefaults: !isDevelopment }
  const accounts = configuredAccounts(rows, options).map(
    (account) => before.find((one) => isSame(one, account)) ?? account,
  )
  const byId = new Map(accounts.map((account) => [account.provider.id, account]))
  const known = new Map(rows.map((row) => [row.id, requirementOf(row, options)]))
  if (!simulatorEnabled) known.set(simulatorProvider.id, 'SIMULATOR_ENABLED=true')
  return {
    /** The providers that can be asked. */
    accounts,
    rules: { known, configured: new Set(byId.keys()) },
    /** For each provider that cannot be asked: what to set. */
    requirements: new Map([...known].filter(([id]) => !byId.has(id))),
    target: (id: string, model: string): Target => {
      const account = byId.get(id)
      if (account === undefined)
        throw new GatewayError('provider_not_configured', `Provider requires an API key. Set ${known.get(id)}.`, {
          headers: answererHeaders(id, model),
        })
      return { provider: account.provider, credential: account.credential, model }
    },
  }
}

/** The row names the variable of the key, and variables do not change. */
const isSame = (one: Account, other: Account): boolean =>
  JSON.stringify(one.provider) === JSON.stringify(other.provider)

type ModelParts = ReturnType<typeof modelParts>

function modelParts(
  { routes = new Map() }: Configuration,
  { accounts, rules }: ProviderParts,
  lasting: LastingParts,
  kept: KeptLists,
) {
  const { settings, upstream, clock, emit, priceOf } = lasting
  const directory = createModelDirectory({
    accounts,
    kept,
    fetchPage: (account, endpoint, signal) => fetchModelPage(upstream, account, endpoint, signal),
    clock,
    after: runAfter,
    ttlMs: settings.models.listTtlMs,
    ...(settings.client.timeoutMs === 0 ? {} : { limitMs: settings.client.timeoutMs }),
    emit,
  })
  const policy = createModelPolicy({ ...settings.models, providers: new Set(rules.known.keys()) })
  const listing = createModelListing({
    directory,
    isAllowed: policy.isAllowed,
    idFormat: settings.models.idFormat,
    providers: rules.configured,
    routes,
    priceOf,
  })
  const doubts = () =>
    policyDoubts({ policy, directory, routes, providers: rules.known.keys(), configured: rules.configured, priceOf })
  return { directory, policy, listing, doubts }
}

interface Planners {
  readonly plan: Planner
  /** Plans without taking anybody's turn. */
  readonly preview: Planner
}

function planners(
  { routes = new Map() }: Configuration,
  { rules, target }: ProviderParts,
  { directory, policy }: ModelParts,
  { settings, selector }: LastingParts,
): Planners {
  const { isAllowed } = policy
  const { configured } = rules
  const named = [...routes.values()]
    .flatMap(({ deployments }) => deployments)
    .flatMap(({ provider, model }) => (configured.has(provider) ? [{ id: model, served_by: provider }] : []))
  const names: ModelNameRules = {
    ...rules,
    ownNames: ownModels({ routes, providers: configured, isAllowed }).map(({ id }) => id),
    directory: permittedDirectory(directory, policy, named),
  }
  const parts = { rules: names, routes, target, isAllowed, retries: settings.routing.retryEnabled }
  return {
    plan: createPlanner({ ...parts, order: selector.order }),
    preview: createPlanner({ ...parts, order: selector.peek }),
  }
}
