import { expect } from 'bun:test'
import fc from 'fast-check'
import { toClient, toProvider } from '../../src/upstream/headers.ts'
import { MalformedAnswer, parseHead, type ResponseHead } from '../../src/upstream/response-head.ts'
import { fuzz, textOf } from './fuzz.ts'

const LINES = [
  'HTTP/1.1 200 OK',
  'HTTP/1.0 204',
  'HTTP/1.1 ',
  '500',
  '__proto__: x',
  'constructor',
  'connection: close',
]
const FRAMING = [
  'content-length',
  'Content-Length: 5',
  'transfer-encoding: chunked',
  'Transfer-Encoding',
  'gzip',
  'chunked',
]
const ODD = ['\r\n', '\r\n', '\r\n', '\r', '\n', ':', ' ', '\t', '\0', ',', '5', 'é', '\xff', 'a']
const text = textOf([...LINES, ...FRAMING, ...ODD], 16)

function parsed(head: string): ResponseHead | null {
  try {
    return parseHead(head, 'POST')
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedAnswer)
    return null
  }
}

const anyHead = fc.property(
  fc.oneof(
    text,
    fc.string({ unit: 'binary' }),
    text.map((rest) => `HTTP/1.1 200 OK\r\n${rest}`),
  ),
  (written) => {
    const head = parsed(written)
    if (head === null) return
    expect(head.status).toBeWithin(100, 600)
    for (const [name, value] of Object.entries(head.headers)) {
      expect(name).toMatch(/^[!#-'*+.^-z|~\d-]+$/)
      expect(value).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/)
    }
    const { 'content-length': length, 'transfer-encoding': encoding } = head.headers
    expect(length === undefined || encoding === undefined).toBe(true)
    if (head.framing.kind === 'length') expect(String(length)).toMatch(/^\d+$/)
  },
)

const name = fc.stringMatching(/^x-[a-zA-Z\d_-]{1,12}$/)
const value = fc.stringMatching(/^([\x21-\x7e]([\x20-\x7e]{0,20}[\x21-\x7e])?)?$/)
const fields = fc.uniqueArray(fc.tuple(name, value), { selector: ([name]) => name.toLowerCase(), maxLength: 8 })

const goodHead = fc.property(fields, fc.integer({ min: 200, max: 599 }), (written, status) => {
  const lines = written.map(([name, value]) => `${name}:  ${value}\t`)
  const head = parseHead([`HTTP/1.1 ${status} `, ...lines].join('\r\n'), 'POST')
  expect(head.status).toBe(status)
  expect(head.headers).toEqual(Object.fromEntries(written.map(([name, value]) => [name.toLowerCase(), value])))
})

const CREDENTIALS = [
  'authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'openai-organization',
]
const OF_A_HOP = ['x-forwarded-for', 'forwarded', 'host', 'connection', 'te', 'transfer-encoding', 'upgrade', 'via']
const KEPT = [...CREDENTIALS, ...OF_A_HOP, 'proxy-authorization']
const spelled = fc.tuple(fc.constantFrom(...KEPT), fc.infiniteStream(fc.boolean())).map(([name, upper]) =>
  name
    .split('')
    .map((letter) => (upper.next().value ? letter.toUpperCase() : letter))
    .join(''),
)
const anyFields = fc.array(fc.tuple(fc.oneof(spelled, name, fc.constantFrom('accept', 'OpenAI-Beta')), value))

const outgoing = fc.property(anyFields, fc.boolean(), (written, byProxy) => {
  const passed = toProvider(new Headers(written.map(([name, value]): [string, string] => [name, value])), {
    byProxy,
    ownName: 'gateway/',
  })
  for (const secret of KEPT) expect(passed).not.toHaveProperty([secret])
})

const incoming = fc.property(anyFields, fc.boolean(), (written, byProxy) => {
  const told = Object.fromEntries(written.map(([name, value]) => [name.toLowerCase(), value]))
  for (const secret of KEPT) expect(toClient(told, byProxy)).not.toHaveProperty([secret])
})

export const heads = [
  fuzz('a head of an answer is malformed, or clean and of one length', anyHead),
  fuzz('a good head of an answer reads as it was written', goodHead),
  fuzz("no credential and no hop's own header goes to a provider, however it is spelled", outgoing),
  fuzz('none comes back', incoming),
]
