import type { Clock } from '../kernel/clock.ts'

/** Keeps a dead provider from being hammered: second tries are a share of the first ones. */
export interface RetryBudget {
  /** A request asks the provider for the first time. */
  note(provider: string): void
  /** Whether a request may ask the provider once more; a yes is counted. */
  take(provider: string): boolean
}

export interface RetryBudgetOptions {
  readonly clock: Clock
  /** Retries for each first try. Default 0.2: under load a provider gets at most 1.2 times the requests. */
  readonly share?: number
  /** Retries within ten seconds that are always free, so that a quiet gateway retries at all. Default 10. */
  readonly free?: number
}

const SLOT_MS = 1000
const SLOTS = 10

interface Slot {
  /** Which second it holds. */
  second: number
  firstTries: number
  retries: number
}

/**
 * Per provider and over the last ten seconds: as many retries as the larger of `free` and `share` of the first tries.
 * The larger, not both, so that the share is a true bound under load. Providers are rows, so their number is bounded.
 */
export function createRetryBudget({ clock, share = 0.2, free = 10 }: RetryBudgetOptions): RetryBudget {
  const windows = new Map<string, readonly Slot[]>()

  function windowOf(provider: string): readonly Slot[] {
    const known = windows.get(provider)
    if (known !== undefined) return known
    const window = Array.from({ length: SLOTS }, () => ({ second: -1, firstTries: 0, retries: 0 }))
    windows.set(provider, window)
    return window
  }

  /** The slot of this second; it is emptied when it still holds an older one. */
  function current(window: readonly Slot[], second: number): Slot {
    const slot = window[second % SLOTS]
    if (slot === undefined) throw new RangeError(`no slot for second ${second}`)
    if (slot.second !== second) Object.assign(slot, { second, firstTries: 0, retries: 0 })
    return slot
  }

  const secondNow = () => Math.floor(clock.elapsed() / SLOT_MS)

  return {
    note(provider) {
      current(windowOf(provider), secondNow()).firstTries += 1
    },
    take(provider) {
      const window = windowOf(provider)
      const second = secondNow()
      const recent = window.filter((slot) => slot.second > second - SLOTS)
      const sum = (pick: (slot: Slot) => number) => recent.reduce((total, slot) => total + pick(slot), 0)
      const allowed = Math.max(free, share * sum((slot) => slot.firstTries))
      if (sum((slot) => slot.retries) + 1 > allowed) return false
      current(window, second).retries += 1
      return true
    },
  }
}
