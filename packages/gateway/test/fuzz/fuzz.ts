import fc from 'fast-check'

export type Effort = Pick<fc.Parameters, 'seed' | 'numRuns' | 'interruptAfterTimeLimit'>

/** Something that must hold whatever comes: tried as often, or for as long, as it is told to. */
export interface Fuzz {
  readonly behaviour: string
  /** Rejects with the smallest input found for which it does not hold, and the seed that leads there. */
  readonly run: (effort: Effort) => Promise<void>
}

/** `kept` is what a run has once found: it is tried first, for good. */
export function fuzz<T>(behaviour: string, property: fc.IRawProperty<T>, kept: T[] = []): Fuzz {
  return {
    behaviour,
    async run(effort) {
      await fc.assert(property, { ...effort, examples: kept })
    },
  }
}

/** Text of these pieces in any order: denser in what matters than any characters are. */
export const textOf = (pieces: readonly string[], maxLength = 12): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...pieces), { maxLength }).map((chosen) => chosen.join(''))

/** Mostly what belongs there, at times whatever somebody's defect makes of it. */
export const odd = (...usual: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) })
