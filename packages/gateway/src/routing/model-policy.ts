export interface ModelPolicy {
  /** Whether there is any rule at all. */
  readonly isOpen: boolean
  /**
   * Whether the model may be listed and asked. `model` is the provider's own name for it, `alias` the operator's by which
   * it is asked: both count as its names, so an alias that is allowed lends itself to what it stands for, and one that is
   * refused is refused whoever would answer.
   */
  readonly isAllowed: IsModelAllowed
  /** The entries of both lists that mean none of these. */
  readonly idle: (names: readonly ModelNames[]) => readonly PolicyEntry[]
}

/** What a model is called: by its provider, and by the operator where it is asked by an alias. */
export interface ModelNames {
  readonly provider: string
  readonly model: string
  readonly alias?: string | null
}

export interface PolicyEntry {
  /** As it is written. */
  readonly text: string
  /** The provider for whose models alone it holds; `null`: for everybody's, and for aliases. */
  readonly provider: string | null
}

export type IsModelAllowed = (provider: string, model: string, alias?: string | null) => boolean

export interface ModelPolicyOptions {
  /** ALLOWED_MODELS: when not empty, only these. */
  readonly allowed: readonly string[]
  /** DISALLOWED_MODELS: never these, also where ALLOWED_MODELS names them. */
  readonly disallowed: readonly string[]
  /** The ids that count as a provider when an entry starts with them. */
  readonly providers: ReadonlySet<string>
}

/** An entry that can be held against names as `comparable` makes them. */
interface Rule extends PolicyEntry {
  readonly means: (provider: string, name: string) => boolean
}

/** An alias is no provider's: only entries without one mean it. */
const NOBODY = ''

/**
 * An entry is a model's name with or without a provider in front, or an alias; `*` in it stands for any text: `gpt-4o`,
 * `openai/gpt-4o`, `openai/*`, `@cf/*`, `fast`. The whole name must match; letter case does not count.
 *
 * Where the first part is a known provider, the entry holds for that provider only: `openai/*` says nothing about the
 * `openai/gpt-4o` that openrouter serves, which is `openrouter/openai/gpt-4o`.
 */
export function createModelPolicy({ allowed, disallowed, providers }: ModelPolicyOptions): ModelPolicy {
  const allows = rulesOf(allowed, providers)
  const refuses = rulesOf(disallowed, providers)
  const rules = [...allows, ...refuses]
  const idle = (names: readonly ModelNames[]) => {
    const meanings = names.map(meaningOf)
    return rules.filter((rule) => !meanings.some((isMeant) => isMeant(rule)))
  }
  if (rules.length === 0) return { isOpen: true, isAllowed: () => true, idle }
  return {
    isOpen: false,
    isAllowed(provider, model, alias = null) {
      const isMeant = meaningOf({ provider, model, alias })
      return (allows.length === 0 || allows.some(isMeant)) && !refuses.some(isMeant)
    },
    idle,
  }
}

/** Tells rules that mean a model from those that do not. */
function meaningOf({ provider, model, alias = null }: ModelNames): (rule: Rule) => boolean {
  const name = comparable(model)
  const ownName = alias === null ? null : comparable(alias)
  return ({ means }) => means(provider, name) || (ownName !== null && means(NOBODY, ownName))
}

function rulesOf(entries: readonly string[], providers: ReadonlySet<string>): readonly Rule[] {
  return entries.flatMap((entry) => (comparable(entry) === '' ? [] : ruleOf(entry.trim(), providers)))
}

function ruleOf(text: string, providers: ReadonlySet<string>): Rule {
  const entry = comparable(text)
  const [first = '', ...rest] = entry.split('/')
  const whole = matcher(entry)
  if (!providers.has(first) || rest.length === 0)
    return { text, provider: null, means: (_provider, name) => whole(name) }
  const own = matcher(rest.join('/'))
  // NVIDIA calls its models `nvidia/…` itself: there the entry may be the model's name as it stands.
  return { text, provider: first, means: (provider, name) => provider === first && (own(name) || whole(name)) }
}

function matcher(pattern: string): (model: string) => boolean {
  const expression = new RegExp(
    `^${pattern
      .split('*')
      .map((part) => RegExp.escape(part))
      .join('.*')}$`,
    'su',
  )
  return (model) => expression.test(model)
}

/**
 * Google answers to `models/gemini-…` as well, Ollama to `llama3:latest` and `registry.ollama.ai/library/llama3`: another
 * spelling must not be a way around a refusal.
 */
function comparable(model: string): string {
  return model
    .trim()
    .toLowerCase()
    .replace(/^(?:models\/)+/, '')
    .replace(/^(?:(?:https?:\/\/)?registry\.ollama\.ai\/)?library\//, '')
    .replace(/:latest$/, '')
}
