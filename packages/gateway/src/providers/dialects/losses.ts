/** Gathers what a translation has no words for, each once, in the order it was met. */
export interface Losses {
  /** `name` is the place of the member: `top_k`, `messages.document`, `tools.defer_loading`. */
  add(name: string): void
  /** Notes all members of an object but the known ones and the empty ones, under the object's place. */
  addUnknown(members: object, known: ReadonlySet<string>, place: string): void
  readonly names: readonly string[]
}

export function createLosses(): Losses {
  const names = new Set<string>()
  const add = (name: string): void => void names.add(name)
  return {
    add,
    addUnknown(members, known, place) {
      for (const [name, value] of Object.entries(members))
        if (!known.has(name) && !isEmpty(value)) add(`${place}.${name}`)
    },
    get names() {
      return [...names]
    },
  }
}

const isEmpty = (value: unknown): boolean => (Array.isArray(value) ? value.length === 0 : (value ?? null) === null)
