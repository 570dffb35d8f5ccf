import { parseBool } from '../kernel/bool.ts'
import { Secret } from '../kernel/secret.ts'

/** Turns what somebody wrote into a value, or throws `Unreadable`. */
export interface Reader<T> {
  (text: string): T
  /** As the docs call it: `duration`, `` `json` or `pretty` ``. */
  readonly kind: string
}

/** The message completes a sentence that begins with the name and what was given: "expected …", "must not …". */
export class Unreadable extends Error {}

function reader<T>(kind: string, read: (text: string) => T): Reader<T> {
  return Object.assign((text: string) => read(text), { kind })
}

/** Any text. */
export const text = reader('text', (given) => given)

/** The path of a file. Whether there is one, and whether it can be read, is found out by who opens it. */
export const path = reader('path', (given) => given)

/** Keys travel in headers, so what a header cannot carry (a line break, a typographic quote) is refused here. */
export const secret = reader('secret', (given) => {
  if (!/^[\x20-\x7e]+$/.test(given)) throw new Unreadable('expected printable ASCII only; was it pasted with more?')
  return new Secret(given)
})

/** A key that travels behind the word `Bearer`: no blank, comma or quote is part of one (RFC 6750, 2.1). */
export const bearerKey = reader('secret', (given) => {
  if (/^bearer\s/i.test(given))
    throw new Unreadable('expected the key alone: `Bearer` is put before it where it is sent')
  if (/[ ,"'`]/.test(given)) throw new Unreadable('expected one key without quotes; was it pasted with more?')
  return secret(given)
})

/** What Go's strconv.ParseBool takes, and nothing else. */
export const bool = reader('bool', (given) => {
  const value = parseBool(given)
  if (value === null) throw new Unreadable('expected true or false')
  return value
})

function wholeNumber(given: string, smallest: number, largest: number, expected: string): number {
  const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN
  if (value >= smallest && value <= largest) return value
  throw new Unreadable(`expected ${expected}`)
}

/** A whole number from 0. */
export const int = reader('int', (given) => wholeNumber(given, 0, Number.MAX_SAFE_INTEGER, 'a whole number, 0 or more'))

/** A part of a whole. */
export const fraction = reader('number', (given) => {
  const value = /^\d*\.?\d+$/.test(given) ? Number(given) : Number.NaN
  if (value >= 0 && value <= 1) return value
  throw new Unreadable('expected a number from 0 to 1')
})

/** A number of bytes, at least one. */
export const bytes = reader('bytes', (given) =>
  wholeNumber(given, 1, Number.MAX_SAFE_INTEGER, 'a number of bytes such as 10485760'),
)

/** A TCP port. 0 asks the system for a free one. */
export const port = reader('port', (given) => {
  // Pods find a service called `server` at SERVER_PORT, and nobody has set that.
  const origin = given.startsWith('tcp:')
    ? '; this one is a service of Kubernetes: set enableServiceLinks to false'
    : ''
  return wholeNumber(given, 0, 65_535, `a port, 0 to 65535${origin}`)
})

/** Names separated by commas; blanks around them and empty ones do not count. */
export const list = reader('list', (given): readonly string[] =>
  given
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== ''),
)

/** `a, b or c`. */
export const alternatives = new Intl.ListFormat('en-GB', { type: 'disjunction' })

/**
 * Names of models, each perhaps with `*` in it. One that could never match lets everything pass where it was to keep
 * something out, so what comes of other separators and of a provider alone is refused.
 */
export const modelNames = reader('list', (given): readonly string[] => {
  const names = list(given)
  const isOdd = names.some((name) => /[\s;"'[\]]|\/$/.test(name))
  if (isOdd) throw new Unreadable('expected names such as openai/gpt-4o-mini or groq/*, separated by commas')
  return names
})

/** An address to listen on. */
export const host = reader('text', (given) => {
  // One colon is a port's; addresses of IPv6 have more.
  if (/[/\s]|^[^:]*:[^:]*$/.test(given))
    throw new Unreadable('expected a name or an address alone, without http:// and port')
  return given
})

/** One of a few words, as written. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Reader<Word> {
  return reader(alternatives.format(words.map((word) => `\`${word}\``)), (given) => {
    const word = words.find((candidate) => candidate === given)
    if (word === undefined) throw new Unreadable(`expected ${alternatives.format(words)}`)
    return word
  })
}

function checkUrl(given: string): void {
  // The URL parser mends blanks and backslashes silently, so they are looked for first.
  const parsed = /^https?:\/\/[^\s\\]+$/i.test(given) ? URL.parse(given) : null
  if (parsed === null) throw new Unreadable('expected a URL that starts with http:// or https://')
  if (parsed.username !== '' || parsed.password !== '') {
    throw new Unreadable('must hold no user name or password; a key has a variable of its own')
  }
  if (/[?#]/.test(given)) throw new Unreadable('must hold no ? and no #')
}

/** An address as written: an issuer's trailing slash is part of its name (OpenID Connect Discovery 1.0, 4.3). */
export const url = reader('URL', (given) => {
  checkUrl(given)
  return given
})

/** The same, and not the address of the document that describes it. */
export const issuerUrl = reader('URL', (given) => {
  if (given.includes('/.well-known/')) throw new Unreadable('expected the issuer alone, without /.well-known/…')
  return url(given)
})

/** An address that paths are appended to: trailing slashes are removed. It may hold a placeholder, `{ACCOUNT_ID}`. */
export const baseUrl = reader('URL', (given) => {
  checkUrl(given)
  const base = given.replace(/\/+$/, '')
  if (base.endsWith('/chat/completions')) throw new Unreadable('expected a base URL, without /chat/completions')
  return base
})

/** The address of a forward proxy, `http:` where it does not say; it may hold a user name and a password. */
export const proxyUrl = reader('URL', (given) => {
  const written = given.includes('://') ? given : `http://${given}`
  const parsed = /^http:\/\/[^\s\\]+$/i.test(written) ? URL.parse(written) : null
  const isDecodable = parsed !== null && !/%(?![0-7][\da-f])/i.test(parsed.username + parsed.password)
  if (!isDecodable) throw new Unreadable('expected the URL of an HTTP proxy, such as http://proxy:3128')
  return new Secret(written)
})

const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^\s/?#\\@*]+$/

/** Origins as browsers write them, `*` for all, `loopback` for all of this machine. */
export const origins = reader('list', (given): readonly string[] => {
  const names = list(given.toLowerCase())
  const wrong = names.find((name) => name !== '*' && name !== 'loopback' && name !== 'null' && !ORIGIN.test(name))
  if (wrong === undefined) return names
  throw new Unreadable('expected origins such as https://app.example.com, without a path; `loopback` or `*`')
})

const NANOSECONDS = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n], // U+00B5, the micro sign
  ['μs', 1_000n], // U+03BC, the Greek letter; Go takes both
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
])
const PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y
/** The longest wait a timer takes, 24.8 days; setTimeout fires at once for more. */
const LONGEST_MS = 2 ** 31 - 1

/** Nanoseconds, exactly (1.001s is no binary fraction), or `null` when this is not Go's grammar. */
function parseDuration(given: string): bigint | null {
  if (given === '0') return 0n
  if (given === '') return null
  let total = 0n
  PART.lastIndex = 0
  while (PART.lastIndex < given.length) {
    const [, whole = '', fraction = '', unit = ''] = PART.exec(given) ?? []
    const size = NANOSECONDS.get(unit)
    if (size === undefined || whole + fraction === '') return null
    total += BigInt(whole) * size + (BigInt(fraction) * size) / 10n ** BigInt(fraction.length)
  }
  return total
}

/**
 * A duration as Go's time.ParseDuration writes it (`1m30s`, `500ms`, `1.5h`, `0`), in whole milliseconds. Rounded up,
 * because 0 means "no limit" to many settings and 10us does not; clamped to what a timer can wait.
 */
export const duration = reader('duration', (given) => {
  const isNegative = given.startsWith('-')
  // Longer than any sensible duration; keeps hostile digits out of the big arithmetic.
  const nanoseconds = given.length > 64 ? null : parseDuration(given.replace(/^[+-]/, ''))
  if (nanoseconds === null) throw new Unreadable('expected a duration such as 30s, 1m30s or 500ms')
  if (isNegative && nanoseconds > 0n) throw new Unreadable('must not be negative')
  return Math.min(Number((nanoseconds + 999_999n) / 1_000_000n), LONGEST_MS)
})
