import { GatewayError } from '../kernel/errors.ts'
import { closest } from './closest.ts'
import { type Model, qualifiedId } from './model-directory.ts'
import { makerOf } from './naming-conventions.ts'

export interface KnownNames {
  /** Every provider there is, and what is to be set before it can be asked. */
  readonly known: ReadonlyMap<string, string>
  /** The ids of those that can be asked. */
  readonly configured: ReadonlySet<string>
  /** The operator's own names for models, as far as they may be used. */
  readonly ownNames: readonly string[]
  readonly directory: {
    readonly known: () => readonly Pick<Model, 'id' | 'served_by'>[]
    readonly unread: () => readonly string[]
  }
}

/** What is said of a model that no rule finds a provider for: what is wrong with its name, and which ones come close. */
export function unknownModel(requested: string, names: KnownNames): GatewayError {
  const suggestions = suggestionsFor(requested, names)
  const hint = suggestions.length === 0 ? '' : ` Closest models: ${suggestions.join(', ')}.`
  const unknown = `Nobody here is known to serve ${quoted(requested)}.${makerHint(requested, names)}`
  return new GatewayError(
    'unknown_model',
    'Unable to determine provider for model. Please specify a provider. ' +
      `${unknown} ${adviceFor(requested, names)}${hint}${unreadLists(names.directory.unread())}`,
    { param: 'model', extra: { suggestions } },
  )
}

/** The client's words: long ones are cut, and none ends the sentence. */
const quoted = (name: string): string => JSON.stringify(name.slice(0, 200).toWellFormed())

function adviceFor(requested: string, { known, configured }: KnownNames): string {
  if (configured.size === 0) return `No provider is configured: set one of ${[...known.values()].join(', ')}.`
  if (isProvider(requested, configured)) return `It is a provider: write \`${requested.toLowerCase()}/<model>\`.`
  const [prefix = '', ...rest] = requested.split('/')
  if (prefix === '' || rest.length === 0) return 'Write `provider/model` or add `?provider=`.'
  return `There is no provider ${quoted(prefix)}. Known are: ${[...known.keys()].join(', ')}.`
}

const isProvider = (name: string, configured: ReadonlySet<string>): boolean => configured.has(name.toLowerCase())

/** What would make the maker of such models a provider that can be asked. */
function makerHint(requested: string, { known, configured }: KnownNames): string {
  const maker = makerOf(requested)
  const setting = maker === null || configured.has(maker) ? undefined : known.get(maker)
  return setting === undefined ? '' : ` Set ${setting} to use ${maker}, and restart.`
}

const MOST_SUGGESTIONS = 3

/** Who writes a provider in front is compared with its models as a whole; else it would only make them longer. */
function suggestionsFor(requested: string, { configured, ownNames, directory }: KnownNames): readonly string[] {
  const isWhole = requested.includes('/') || isProvider(requested, configured)
  // Own names first: there are few, and of endless lists not all is compared.
  const shown = new Map(ownNames.map((name) => [name, [name]]))
  for (const model of directory.known()) {
    const name = isWhole ? qualifiedId(model) : model.id
    const before = shown.get(name) ?? []
    // Who lists it twice, or names it beside its list, has it once.
    if (!before.includes(qualifiedId(model))) shown.set(name, [...before, qualifiedId(model)])
  }
  return closest(requested, shown.keys(), MOST_SUGGESTIONS)
    .flatMap((name) => shown.get(name) ?? [])
    .slice(0, MOST_SUGGESTIONS)
}

/** The providers whose lists nobody could look into, as a sentence for the end of a message; empty without any. */
export function unreadLists(providers: readonly string[]): string {
  if (providers.length === 0) return ''
  return ` The model lists of these providers could not be read yet, so it may be theirs: ${providers.join(', ')}.`
}
