import type { Loaded } from './load.ts'

type Files = Pick<Loaded, 'customProviders' | 'models'>

/** What the configuration files say otherwise than before, in a few words each: `provider mine added`. */
export function changesBetween(before: Files, after: Files): readonly string[] {
  return [
    ...changesIn('provider', providersOf(before), providersOf(after)),
    ...changesIn('model', before.models, after.models),
  ]
}

const providersOf = ({ customProviders }: Files): ReadonlyMap<string, unknown> =>
  new Map(customProviders.map((provider) => [provider.id, provider]))

function changesIn(
  kind: string,
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): readonly string[] {
  const told = [...after].flatMap(([name, entry]) => {
    if (!before.has(name)) return `${kind} ${name} added`
    return JSON.stringify(before.get(name)) === JSON.stringify(entry) ? [] : `${kind} ${name} changed`
  })
  const gone = [...before.keys()].filter((name) => !after.has(name))
  return [...told, ...gone.map((name) => `${kind} ${name} removed`)]
}
