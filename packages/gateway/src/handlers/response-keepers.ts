import { createRecentMap } from '../routing/recent-map.ts'

/** Which provider has stored a response, as far as this process has seen. */
export interface ResponseKeepers {
  note(responseId: string, provider: string): void
  of(responseId: string): string | null
}

/** As many ids take a few megabytes. Who asks for an older one names its provider. */
const MOST = 20_000

/** Forgets the oldest. */
export function createResponseKeepers(most = MOST): ResponseKeepers {
  const keepers = createRecentMap<string>(most)
  return {
    note: (responseId, provider) => void keepers.set(responseId, provider),
    of: (responseId) => keepers.get(responseId) ?? null,
  }
}
