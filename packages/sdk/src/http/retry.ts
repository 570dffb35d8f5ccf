/** Longer than this, a server's wish is not waited for: the usual pause is made instead. */
const LONGEST_ASKED_MS = 60_000

/** Whether an answer may be asked for again: the rule of OpenAI's SDKs, so that a gateway and its clients agree. */
export function mayRetry({ status, headers }: Response): boolean {
  const said = headers.get('x-should-retry')
  if (said === 'true' || said === 'false') return said === 'true'
  return status === 408 || status === 409 || status === 429 || status >= 500
}

/** How long the answer asks to wait: `retry-after-ms`, else `retry-after` in seconds or as a date (RFC 9110). */
export function askedDelayMs(headers: Headers, now = Date.now()): number | undefined {
  const ms = Number.parseFloat(headers.get('retry-after-ms') ?? '')
  if (!Number.isNaN(ms)) return ms
  const after = headers.get('retry-after')
  if (after === null) return undefined
  const delayMs = /^[\d.]+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now
  return Number.isNaN(delayMs) ? undefined : delayMs
}

/** The pause before the next try. `failures` counts those behind us, from 1; `random` is at least 0, below 1. */
export function pauseMs(failures: number, headers: Headers | undefined, random = Math.random()): number {
  const asked = headers && askedDelayMs(headers)
  if (asked !== undefined && asked >= 0 && asked <= LONGEST_ASKED_MS) return asked
  // Up to a quarter less, so that clients that failed together do not come back together.
  return Math.min(8000, 500 * 2 ** (failures - 1)) * (1 - random / 4)
}
