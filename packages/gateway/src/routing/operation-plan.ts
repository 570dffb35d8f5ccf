import { GatewayError } from '../kernel/errors.ts'
import type { Account, Endpoint, Provider, Target } from '../providers/provider.ts'
import { answererHeaders } from './model-name.ts'
import { defaultRetry, type Plan, type SkippedTarget } from './plan.ts'

export type OperationName = Exclude<keyof Provider['operations'], 'models'>

/** An operation as people call it: `embeddings`, `transcription`. */
export interface OperationTitle {
  readonly name: OperationName
  readonly title: string
}

const endpointOf = ({ provider }: Account, name: OperationName): Endpoint | undefined => provider.operations[name]

/** The plan without the targets that do not offer the operation. Throws unsupported_operation when none is left. */
export function offering(plan: Plan, operation: OperationTitle, accounts: readonly Account[]): Plan {
  const targets = plan.targets.filter((target) => endpointOf(target, operation.name) !== undefined)
  const [refused] = plan.targets
  const lacking = plan.targets.filter((target) => !targets.includes(target))
  const skipped = [...(plan.skipped ?? []), ...lacking.map((target) => skippedFor(target, operation))]
  if (targets.length > 0 || refused === undefined) return { ...plan, targets, skipped }
  throw notOffered(refused.provider, operation, accounts, refused.model)
}

/**
 * The plan of a request that names no model: the provider it names, or the only one that offers the operation. Throws
 * unsupported_operation, and missing_field when there are several.
 */
export function unnamedPlan(
  named: Account | null,
  operation: OperationTitle,
  accounts: readonly Account[],
  retries: boolean,
): Plan {
  const able = (named === null ? accounts : [named]).filter((account) => endpointOf(account, operation.name))
  const [only, other] = able
  if (only === undefined) throw notOffered(named?.provider ?? null, operation, accounts, '')
  if (other !== undefined) throw whichModel(able)
  const { provider, credential } = only
  const because = named === null ? `the only provider with ${operation.title}` : 'provider query'
  return { requested: '', targets: [{ provider, credential, model: '', because }], retry: defaultRetry(retries) }
}

const whichModel = (able: readonly Account[]) =>
  new GatewayError(
    'missing_field',
    `Failed to decode request: without a \`model\` several providers could answer. Name one, or add ?provider= with one of ${able.map(({ provider }) => provider.id).join(', ')}.`,
    { param: 'model' },
  )

const skippedFor = ({ provider, model }: Target, { title }: OperationTitle): SkippedTarget => ({
  model: `${provider.id}/${model}`,
  because: `${provider.name} offers no ${title}.`,
})

function notOffered(
  provider: Provider | null,
  { name, title }: OperationTitle,
  accounts: readonly Account[],
  model: string,
): GatewayError {
  const able = accounts.filter((account) => endpointOf(account, name)).map((account) => account.provider.id)
  const others = able.length === 0 ? 'No configured provider has.' : `Those that have: ${able.join(', ')}.`
  const message = provider === null ? `Nobody offers ${title} here.` : `${provider.name} offers no ${title}.`
  return new GatewayError('unsupported_operation', `${message} ${others}`, {
    ...(provider !== null && { headers: answererHeaders(provider.id, model) }),
  })
}
