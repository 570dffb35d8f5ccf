import { GatewayError } from '../kernel/errors.ts'
import type { Account, Endpoint, Upstream, UpstreamAnswer } from '../providers/provider.ts'
import { nextPart } from './parts.ts'
import { readProviderError } from './provider-error.ts'

/** No honest list is larger; one that is would only fill the memory. */
const LIMIT_BYTES = 20 * 1024 * 1024

/** Fetches one page of a provider's model list. Throws when no good answer came. */
export async function fetchModelPage(
  upstream: Upstream,
  account: Account,
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<unknown> {
  const headers = new Headers({ accept: 'application/json' })
  const answer = await upstream.send({
    account,
    method: 'GET',
    path: endpoint.path,
    endpoint,
    headers,
    body: null,
    signal,
  })
  if (answer.status !== 200) throw await readProviderError(account, answer, 0)
  return JSON.parse(await limitedText(answer))
}

async function limitedText(answer: UpstreamAnswer): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for (let part = await nextPart(answer); part !== null; part = await nextPart(answer)) {
    size += part.byteLength
    if (size > LIMIT_BYTES) {
      const error = new GatewayError('invalid_response', `The model list is over ${LIMIT_BYTES} bytes.`)
      answer.abort(error)
      throw error
    }
    text += decoder.decode(part, { stream: true })
  }
  return text
}
