import { objectsIn } from './json.ts'

/** Gathers what a translation has no words for, each once, in the order it was met. */
export interface Losses {
  /** `name` is the place of the member: `top_k`, `messages.document`, `tools.defer_loading`. */
  add(name: string): void
  /** Notes all members of an object but the known ones and the empty ones, under the object's place. */
  addUnknown(members: object, known: ReadonlySet<string>, place: string): void
  /** Notes what is no object in a list of messages or items, and content that is neither text nor a list of objects. */
  addOdd(list: unknown, place: string): void
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
    addOdd(list, place) {
      if (hasOdd(list)) add(place)
      if (objectsIn(list).some(({ content }) => hasOdd(content))) add(`${place}.content`)
    },
    get names() {
      return [...names]
    },
  }
}

const hasOdd = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > objectsIn(value).length : typeof (value ?? '') !== 'string'

const isEmpty = (value: unknown): boolean => (Array.isArray(value) ? value.length === 0 : (value ?? null) === null)
