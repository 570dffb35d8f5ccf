import { GatewayError } from '../kernel/errors.ts'
import { isModelId, MODEL_ID_LIMIT } from '../providers/model-lists.ts'
import { simulatorProvider } from '../providers/simulator/row.ts'
import type { ModelDirectory } from './model-directory.ts'
import { conventionOf } from './naming-conventions.ts'
import { type KnownNames, unknownModel } from './unknown-model.ts'

export interface ProviderRules {
  /** Every provider there is, and what is to be set before it can be asked: `groq` → `GROQ_API_KEY`. */
  readonly known: ReadonlyMap<string, string>
  /** The ids of those that can be asked. */
  readonly configured: ReadonlySet<string>
}

export interface ModelNameRules extends ProviderRules, KnownNames {
  readonly directory: Pick<ModelDirectory, 'find' | 'peek'> & KnownNames['directory']
}

/** Who is asked, for what, and which rule said so. */
export interface ResolvedModel {
  readonly provider: string
  /** The provider's own name for the model. */
  readonly model: string
  readonly because: 'query' | 'prefix' | 'list' | 'convention'
}

/**
 * Which provider answers, by the first rule that knows: `?provider=`, a `provider/` prefix, the live model lists, the
 * model's name. Names of the operator's own stand for several targets: the planner looks for them before.
 * Lists that were never read are waited for only when no earlier rule decided, and as `ModelDirectory.find` says.
 *
 * `provider` is the value of `?provider=`; empty counts as absent. Throws GatewayError: invalid_request,
 * provider_not_found, provider_not_configured, ambiguous_model, unknown_model.
 */
export async function resolveModelName(
  requested: string,
  provider: string | null,
  rules: ModelNameRules,
): Promise<ResolvedModel> {
  requireModelId(requested)
  return (
    byQuery(requested, provider, rules) ??
    byPrefix(requested, rules) ??
    (await byList(requested, rules)) ??
    byConvention(requested, rules) ??
    refuse(requested, rules)
  )
}

/**
 * The id of a provider that can be asked, from a name in any letter case. `param` is the request field that holds it,
 * `model` what would be asked for. Throws GatewayError: provider_not_found, provider_not_configured.
 */
export function requireProvider(
  provider: string,
  { known, configured }: ProviderRules,
  { param = 'provider', model = '' }: { readonly param?: string; readonly model?: string } = {},
): string {
  const id = provider.toLowerCase()
  const setting = known.get(id)
  if (setting === undefined) {
    const ids = [...known.keys()].join(', ')
    throw new GatewayError(
      'provider_not_found',
      `Provider not found. Please check the list of supported providers. Known are: ${ids}.`,
      { param },
    )
  }
  if (!configured.has(id)) {
    throw new GatewayError('provider_not_configured', `${lack(id)} Set ${setting} to use ${id}, and restart.`, {
      param,
      headers: answererHeaders(id, model),
    })
  }
  return id
}

const lack = (id: string): string =>
  id === simulatorProvider.id
    ? 'The simulator is switched off.'
    : "Provider requires an API key. Please configure the provider's API key."

/**
 * Says on an error who was meant, where nobody was asked: every answer tells its provider and model as far as they are
 * known. Model names are the client's words: what a header cannot hold is percent-encoded.
 */
export function answererHeaders(provider: string, model: string): Readonly<Record<string, string>> {
  const text = model.toWellFormed().replaceAll(/[^\x20-\x7e]/gu, encodeURIComponent)
  return { 'x-gateway-provider': provider, ...(text !== '' && { 'x-gateway-model': text }) }
}

function requireModelId(requested: string): void {
  if (isModelId(requested)) return
  throw new GatewayError(
    'invalid_request',
    `\`model\` must be a text of 1 to ${MODEL_ID_LIMIT} characters without control characters.`,
    { param: 'model' },
  )
}

function byQuery(requested: string, provider: string | null, rules: ModelNameRules): ResolvedModel | null {
  if (provider === null || provider === '') return null
  const { prefix, rest } = split(requested)
  const id = requireProvider(provider, rules, { model: prefix === provider.toLowerCase() ? rest : requested })
  return { provider: id, model: nameAt(id, requested, rules), because: 'query' }
}

/** The prefix of a provider without a key may be a part of the name: openrouter's `openai/gpt-4o`. The lists tell. */
function byPrefix(requested: string, rules: ModelNameRules): ResolvedModel | null {
  const { prefix } = split(requested)
  if (!rules.configured.has(prefix)) return null
  return { provider: prefix, model: nameAt(prefix, requested, rules), because: 'prefix' }
}

async function byList(requested: string, rules: ModelNameRules): Promise<ResolvedModel | null> {
  const usual = askableConvention(requested, rules)
  const providers = (await rules.directory.find(requested, usual)).map((model) => model.served_by)
  const provider = providers.find((id) => id === usual) ?? providers[0]
  if (provider === undefined) return null
  if (providers.length > 1 && provider !== usual) throw ambiguous(requested, providers)
  return { provider, model: requested, because: 'list' }
}

function byConvention(requested: string, rules: ModelNameRules): ResolvedModel | null {
  const provider = conventionOf(requested)
  if (provider === null) return null
  const id = requireProvider(provider, rules, { param: 'model', model: requested })
  return { provider: id, model: requested, because: 'convention' }
}

/** A provider without a key has no list, and nobody to ask meanwhile. */
function askableConvention(model: string, { configured }: ModelNameRules): string | null {
  const provider = conventionOf(model)
  return provider !== null && configured.has(provider) ? provider : null
}

/** What follows the provider's own prefix, once; other prefixes stay, they belong to the name. */
function nameAt(provider: string, requested: string, { directory }: ModelNameRules): string {
  const { prefix, rest } = split(requested)
  if (prefix !== provider) return requested
  // NVIDIA and Groq list models as `nvidia/…` and `groq/…` themselves: cut, nobody would know them.
  if (directory.peek(requested).some((model) => model.served_by === provider)) return requested
  if (rest !== '') return rest
  throw new GatewayError('invalid_request', `\`model\` names a provider but no model: write \`${provider}/<model>\`.`, {
    param: 'model',
  })
}

function split(requested: string): { readonly prefix: string; readonly rest: string } {
  const slash = requested.indexOf('/')
  if (slash < 0) return { prefix: '', rest: requested }
  return { prefix: requested.slice(0, slash).toLowerCase(), rest: requested.slice(slash + 1) }
}

function ambiguous(requested: string, providers: readonly string[]): GatewayError {
  const suggestions = providers.map((provider) => `${provider}/${requested}`)
  return new GatewayError(
    'ambiguous_model',
    `Several providers serve this model. Name one: ${suggestions.join(', ')}.`,
    {
      param: 'model',
      extra: { suggestions },
    },
  )
}

/** No rule knew. Says what is missing: the key of the provider in the prefix, any key at all, or the right spelling. */
function refuse(requested: string, rules: ModelNameRules): never {
  const { prefix, rest } = split(requested)
  if (rules.known.has(prefix)) requireProvider(prefix, rules, { param: 'model', model: rest })
  throw unknownModel(requested, rules)
}
