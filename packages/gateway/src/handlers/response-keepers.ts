/** Which provider has stored a response, as far as this process has seen. */
export interface ResponseKeepers {
  note(responseId: string, provider: string): void
  of(responseId: string): string | null
}

/** As many ids take a few megabytes. Who asks for an older one names its provider. */
const MOST = 20_000

/** Forgets the oldest. */
export function createResponseKeepers(most = MOST): ResponseKeepers {
  const keepers = new Map<string, string>()
  return {
    note(responseId, provider) {
      keepers.delete(responseId)
      keepers.set(responseId, provider)
      const [oldest] = keepers.keys()
      if (keepers.size > most && oldest !== undefined) keepers.delete(oldest)
    },
    of: (responseId) => keepers.get(responseId) ?? null,
  }
}
