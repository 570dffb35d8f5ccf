/** A map that holds a bounded number of entries: writing one more forgets the one written longest ago. */
export interface RecentMap<T> {
  get(key: string): T | undefined
  /** Returns what had to be forgotten for it. */
  set(key: string, value: T): T | undefined
  delete(key: string): void
  /** Those written longest ago first; entries may be deleted on the way. */
  keys(): Iterable<string>
}

export function createRecentMap<T>(limit: number): RecentMap<T> {
  const entries = new Map<string, T>()
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      // Deleted first, so that the entry moves to the end of the map's order.
      entries.delete(key)
      entries.set(key, value)
      if (entries.size <= limit) return undefined
      const [oldest] = entries
      if (oldest === undefined) return undefined
      entries.delete(oldest[0])
      return oldest[1]
    },
    delete(key) {
      entries.delete(key)
    },
    keys: () => entries.keys(),
  }
}
