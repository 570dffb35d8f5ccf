import { ProviderError, type ProviderFault } from '../kernel/provider-error.ts'
import { keySource, urlSource } from '../providers/accounts.ts'
import { comparable } from '../providers/dialects/exact-json.ts'
import type { Account, UpstreamAnswer } from '../providers/provider.ts'
import { simulatorProvider } from '../providers/simulator/row.ts'
import { nextPart } from './parts.ts'

const LIMIT_BYTES = 64 * 1024
const TEXT_LIMIT = 500

type Fields = Readonly<Record<string, unknown>>

/** The words of an error are worth waiting for, but not as long as an answer. */
const PATIENCE_MS = 5000

/**
 * Reads a provider's error answer, at most 64 KiB of it, whatever envelope it came in, and for at most 5 s or `limitMs`
 * (0 = no limit). Never throws for its content.
 */
export async function readProviderError(
  account: Account,
  answer: UpstreamAnswer,
  limitMs: number,
): Promise<ProviderError> {
  const patienceMs = Math.min(PATIENCE_MS, limitMs || PATIENCE_MS)
  const timer = setTimeout(() => answer.abort(null), patienceMs)
  const read = await readText(answer)
  clearTimeout(timer)
  const original = masked(account, parse(read))
  const headers = new Headers(answer.headers)
  headers.delete('content-type')
  headers.delete('content-length')
  const delay = retryDelaySeconds(original)
  if (delay !== null && !headers.has('retry-after')) headers.set('retry-after', delay)
  const { status } = answer
  const { id } = account.provider
  const advice = adviceFor(account, status, original === null)
  const said = faultOf(original)
  const text = maskKey(account, read)
  const fault =
    said === null ? { message: describe(id, status, text, advice) } : advised(complete(said, status), advice)
  return new ProviderError(id, { status, headers, advice }, complete(fault, status), original)
}

/** MiniMax's codes that mean what a status means: https://platform.minimax.io/docs/api-reference/errorcode */
const MINIMAX_STATUS: ReadonlyMap<unknown, number> = new Map([
  [1002, 429],
  [1004, 401],
  [1008, 402],
  [1026, 400],
  [1027, 400],
  [1039, 429],
  [1041, 429],
  [1042, 400],
  [2013, 400],
  [2045, 429],
  [2049, 401],
  [2056, 429],
])

/** MiniMax refuses with status 200, in a member beside the answer, streamed or not. An error's object; `null`: none. */
export function refusalIn(body: unknown): object | null {
  const base = isFields(body) ? body['base_resp'] : null
  const { status_code: told, status_msg: message } = isFields(base) ? base : {}
  const code = comparable(told)
  if (!Number(code)) return null
  return { message, code, status_code: MINIMAX_STATUS.get(code) ?? 502 }
}

/** An error that a provider reports inside a stream that began well. Its own status counts where it names one. */
export function providerErrorOf(provider: string, error: unknown): ProviderError {
  const { status_code: ownStatus, status: named, code } = isFields(error) ? error : {}
  // Google's `status` is a word.
  const numbers = [ownStatus, named, code].map((told) => Number(comparable(told)))
  const status = numbers.find((number) => number >= 400 && number <= 599) ?? 502
  const fault = faultOf({ error }) ?? { message: `${provider} reported an error at the start of the stream.` }
  return new ProviderError(provider, { status, headers: new Headers() }, complete(fault, status), { error })
}

/** The same as it may be told: without the gateway's key, and with what the operator should look at where it is about it. */
export function tellableError(account: Account, error: ProviderError): ProviderError {
  const { provider, status, headers } = error
  const advice = adviceFor(account, status, false)
  const original = masked(account, error.original)
  if (advice === null && original === error.original) return error
  const fault = original === error.original ? error.fault : complete(faultOf(original) ?? {}, status)
  return new ProviderError(provider, { status, headers, advice }, advised(fault, advice), original)
}

async function readText(answer: UpstreamAnswer): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (let size = 0; size < LIMIT_BYTES;) {
      const part = await nextPart(answer)
      if (part === null) return text
      size += part.byteLength
      text += decoder.decode(part, { stream: true })
    }
    answer.abort(null)
  } catch {
    // The status is known and worth more than the rest of the words.
  }
  return text
}

/** Shorter ones guard nothing: they are words, such as `none`, that local servers want to hear. */
const KEY_LENGTH_AT_LEAST = 12

/** Some providers repeat the key that they do not know. */
function maskKey({ credential }: Account, text: string): string {
  const key = credential?.reveal() ?? ''
  return key.length < KEY_LENGTH_AT_LEAST ? text : text.replaceAll(key, '***')
}

/** What a provider said, parsed: written anew, since it may have escaped the key. The same where it is not in there. */
function masked(account: Account, said: unknown): unknown {
  const text = JSON.stringify(said)
  const safe = maskKey(account, text)
  return safe === text ? said : parse(safe)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Every envelope seen: OpenAI `{error:{…}}`, Google's array around it, xAI and Ollama `{error:"…"}`, Cohere and Bedrock
 * `{message}`, Mistral and NVIDIA `{detail}`, Cloudflare `{errors:[…]}`, MiniMax `{base_resp}`.
 */
function faultOf(body: unknown): Partial<ProviderFault> | null {
  if (Array.isArray(body)) return faultOf(body[0])
  if (!isFields(body)) return null
  const { error, errors, message, detail, base_resp: base } = body as Record<string, unknown>
  if (typeof error === 'string') return { ...pick(body), message: error }
  if (isFields(error)) return pick(error)
  if (Array.isArray(errors) && isFields(errors[0])) return pick(errors[0])
  if (typeof message === 'string') return pick(body)
  if (typeof detail === 'string') return { ...pick(body), message: detail }
  if (Array.isArray(detail) && isFields(detail[0]))
    return pick({ message: detail[0]['msg'] ?? JSON.stringify(detail[0]) })
  if (isFields(base)) return pick({ message: base['status_msg'], code: base['status_code'] })
  return null
}

function pick({ message, type, code, status, param }: Fields & Record<string, unknown>): Partial<ProviderFault> {
  const name = comparable(code ?? status)
  return {
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof type === 'string' ? { type } : {}),
    ...(typeof name === 'string' || typeof name === 'number' ? { code: name } : {}),
    ...(typeof param === 'string' ? { param } : {}),
  }
}

function complete({ message, type, code, param }: Partial<ProviderFault>, status: number): ProviderFault {
  return {
    message: message === undefined || message === '' ? `The provider answered ${status} without saying why.` : message,
    type: type ?? typeOf(status),
    code: code ?? null,
    param: param ?? null,
  }
}

/** OpenAI's names for what a status means, for providers that give none. */
function typeOf(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 404) return 'not_found_error'
  if (status === 429) return 'rate_limit_error'
  return status < 500 ? 'invalid_request_error' : 'api_error'
}

/** What web servers answer on paths they do not have, and web pages to a POST. */
const ELSEWHERE = new Set([404, 405])

/** What the operator should look at, where the provider's own words cannot say it: they speak of “your key”. */
function adviceFor({ provider, credential }: Account, status: number, isForeign: boolean): string | null {
  // APIs answer in JSON, also when they have no such path: what answers otherwise is likely something else.
  if (isForeign && ELSEWHERE.has(status)) return `${urlSource(provider)} may be wrong`
  if ((status !== 401 && status !== 403) || provider.id === simulatorProvider.id) return null
  return credential === null
    ? `the gateway has no key for ${provider.id}: ${keySource(provider)} is not set`
    : `asked with the gateway's key for ${provider.id}, from ${keySource(provider)}`
}

const advised = (fault: ProviderFault, advice: string | null): ProviderFault =>
  advice === null ? fault : { ...fault, message: `${fault.message} (${advice})` }

function describe(provider: string, code: number, text: string, advice: string | null): string {
  const status = `${provider} answered ${code}${advice === null ? '' : ` (${advice})`}`
  if (text.trim() === '') return `${status} with an empty body.`
  if (/^\s*</.test(text)) return `${status} with a web page instead of JSON${titleOf(text)}.`
  return `${status}: ${text.trim().slice(0, TEXT_LIMIT)}`
}

function titleOf(html: string): string {
  const title = /<title>([^<]{1,200})<\/title>/i.exec(html)?.[1]?.trim()
  return title === undefined ? '' : `, titled “${title}”`
}

/** Google names the wait in the body only: `details[].retryDelay`, such as `48s`. */
function retryDelaySeconds(body: unknown): string | null {
  const error: unknown = Array.isArray(body) ? body[0] : body
  const details = isFields(error) && isFields(error['error']) ? error['error']['details'] : null
  if (!Array.isArray(details)) return null
  const delay = details.find((item) => isFields(item) && typeof item['retryDelay'] === 'string')?.retryDelay
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(String(delay))?.[1]
  return seconds === undefined ? null : String(Math.ceil(Number(seconds)))
}
