import { parseJsonObject, type JsonObject } from './json-object.ts'
import type { Sleep } from './sleep.ts'

const TIMEOUT_MS = 5000
const LIMIT_BYTES = 1024 * 1024

/** The part of the platform's `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Reads one JSON object from the identity provider. Rejects with the reason in words; it holds no secret. */
export type FetchDocument = (url: string, init?: RequestInit) => Promise<JsonObject>

interface DocumentParts {
  readonly fetch: Fetch
  readonly sleep: Sleep
  /** Fires when the gateway closes. */
  readonly closed: AbortSignal
}

/**
 * Whole documents within 5 s and 1 MiB. A redirect is a failure: it would let whoever answers choose the host that keys
 * come from.
 */
export function createFetchDocument({ fetch, sleep, closed }: DocumentParts): FetchDocument {
  return async (url, init = {}) => {
    const finished = new AbortController()
    const overdue = new AbortController()
    // Also when all went well, the end of the wait aborts the call: what is unread by then is not wanted.
    void sleep(TIMEOUT_MS, finished.signal).then(() => overdue.abort(new Error(`no answer within ${TIMEOUT_MS} ms`)))
    try {
      const signal = AbortSignal.any([overdue.signal, closed])
      const response = await fetch(url, { ...init, redirect: 'manual', signal })
      if (response.status !== 200) throw new Error(`status ${response.status}`)
      return parseJsonObject(await readWhole(response))
    } catch (cause) {
      throw new Error(`${url}: ${cause instanceof Error ? cause.message : 'failed'}`, { cause })
    } finally {
      finished.abort()
    }
  }
}

async function readWhole({ body }: Response): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.byteLength
    if (length > LIMIT_BYTES) throw new Error(`more than ${LIMIT_BYTES} bytes`)
    chunks.push(chunk)
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer())
}
