export interface ModelPolicy {
  /** Whether there is any rule at all. */
  readonly isOpen: boolean
  /** Whether the model may be listed and asked. `model` is the provider's own name for it. */
  readonly isAllowed: (provider: string, model: string) => boolean
}

export interface ModelPolicyOptions {
  /** ALLOWED_MODELS: when not empty, only these. */
  readonly allowed: readonly string[]
  /** DISALLOWED_MODELS: never these, also where ALLOWED_MODELS names them. */
  readonly disallowed: readonly string[]
  /** The ids that count as a provider when an entry starts with them. */
  readonly providers: ReadonlySet<string>
}

type Rule = (provider: string, model: string) => boolean

/**
 * An entry is a model's name with or without a provider in front, and `*` in it stands for any text: `gpt-4o`,
 * `openai/gpt-4o`, `openai/*`, `@cf/*`. The whole name must match; letter case does not count.
 *
 * Where the first part is a known provider, the entry holds for that provider only: `openai/*` says nothing about the
 * `openai/gpt-4o` that openrouter serves, which is `openrouter/openai/gpt-4o`.
 */
export function createModelPolicy({ allowed, disallowed, providers }: ModelPolicyOptions): ModelPolicy {
  const allows = rulesOf(allowed, providers)
  const refuses = rulesOf(disallowed, providers)
  if (allows.length === 0 && refuses.length === 0) return { isOpen: true, isAllowed: () => true }
  return {
    isOpen: false,
    isAllowed(provider, model) {
      const name = comparable(model)
      const isListed = allows.length === 0 || allows.some((rule) => rule(provider, name))
      return isListed && !refuses.some((rule) => rule(provider, name))
    },
  }
}

function rulesOf(entries: readonly string[], providers: ReadonlySet<string>): readonly Rule[] {
  return entries.map(comparable).flatMap((entry) => (entry === '' ? [] : ruleOf(entry, providers)))
}

function ruleOf(entry: string, providers: ReadonlySet<string>): Rule {
  const [first = '', ...rest] = entry.split('/')
  const whole = matcher(entry)
  if (!providers.has(first) || rest.length === 0) return (_provider, model) => whole(model)
  const name = matcher(rest.join('/'))
  // NVIDIA calls its models `nvidia/…` itself: there the entry may be the model's name as it stands.
  return (provider, model) => provider === first && (name(model) || whole(model))
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
