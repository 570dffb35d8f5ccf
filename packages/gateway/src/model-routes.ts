import type { AppParts } from './app.ts'
import type { Settings } from './config/load.ts'
import type { Configuration, Configured } from './configured.ts'
import type { Dispatch } from './dispatch/complete.ts'
import type { ItemMemory } from './dispatch/item-memory.ts'
import { createFollow, type FollowParts } from './handlers/follow.ts'
import { requirePermitted } from './handlers/proxy-policy.ts'
import type { ResponseKeepers } from './handlers/response-keepers.ts'
import type { Clock } from './kernel/clock.ts'
import { providerTimeouts, routeLimits } from './limits.ts'
import type { Breakers } from './routing/breaker.ts'
import { requireProvider } from './routing/model-name.ts'
import type { ModelPolicy } from './routing/model-policy.ts'

/** What stays when the configuration is read again, as far as the routes need it. */
interface RouteSetting {
  readonly settings: Settings
  readonly breakers: Pick<Breakers, 'look'>
  readonly clock: Clock
  readonly keepers: ResponseKeepers
  readonly items: ItemMemory
}

/** The parts of the routes that depend on the configuration. */
export function modelRoutes(
  { accounts, directory, rules, listing, policy, plan, preview, target }: Configured,
  { settings: { providers } }: Configuration,
  { settings, breakers, clock, keepers, items }: RouteSetting,
  { dispatch: asks, ...following }: Omit<FollowParts, 'permit'> & { readonly dispatch: Dispatch },
): Pick<AppParts, 'models' | 'chat' | 'responses' | 'relayed' | 'explain' | 'proxy'> {
  const permit = permitOf(policy)
  const follow = createFollow({ ...following, permit })
  const account = (provider: string) => target(requireProvider(provider, rules), '')
  const dispatch: Dispatch = {
    ...asks,
    maxOutputTokens: ({ provider, model }) =>
      directory.peek(model).find(({ served_by: id }) => id === provider.id)?.max_output_tokens ?? null,
  }
  const chat = { plan, follow, dispatch }
  const operations = { accounts, account, holdsPolicy: !policy.isOpen, retries: settings.routing.retryEnabled }
  return {
    models: { listing, requireProvider: (provider) => requireProvider(provider, rules) },
    chat,
    responses: { ...chat, accounts, account, keepers, items, newId: () => crypto.randomUUID().replaceAll('-', '') },
    relayed: { ...chat, ...operations, limitBytes: settings.server.maxRequestBodyBytes },
    explain: {
      ...operations,
      preview,
      dispatch,
      keepers,
      items,
      permit,
      breakers,
      clock,
      limits: routeLimits(settings),
      timeouts: (provider) => providerTimeouts({ ...settings, providers }, provider),
    },
    proxy: {
      account,
      isAllowed: policy.isOpen ? null : policy.isAllowed,
      dispatch,
    },
  }
}

const permitOf = ({ isOpen, isAllowed }: ModelPolicy): FollowParts['permit'] =>
  isOpen ? null : (models, { provider }) => requirePermitted(models, (model) => isAllowed(provider.id, model))
