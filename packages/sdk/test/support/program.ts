/** Where nobody listens. */
function nobody(): string {
  const gone = Bun.serve({ port: 0, fetch: () => new Response() })
  void gone.stop(true)
  return `http://127.0.0.1:${gone.port}`
}

/** What the package is for, in one program. `options`: of its client, as source text. */
export const program = (options = '') => `
const gw = new Gateway(${options})
const schema = fromJsonSchema({ type: 'object', properties: { a: { type: 'number' } }, required: ['a'] })
const { parsed } = await gw.chat.parse({ model: 'simulator/json?ttft=0', messages: 'x', schema })
const add = tool({ name: 'add', input: schema, run: ({ a }) => a + 1 })
const run = await gw.chat.run({ model: 'simulator/tools?ttft=0', messages: 'x', tools: [add] })
const { text } = await gw.chat({ model: 'simulator/echo?ttft=0', messages: 'Hi' })
let streamed = ''
for await (const piece of gw.chat.stream({ model: 'simulator/echo?tps=0&ttft=0', messages: 'a b c' }).text()) streamed += piece
const error = await gw.chat({ model: 'simulator/error-500', messages: 'x' }, { maxRetries: 0 }).catch((error) => error)
let parse
try { parseArguments({ function: { name: 'f', arguments: '{' } }) } catch (error) { parse = error instanceof ParseError }
const cut = await gw.chat.stream({ model: 'simulator/cut?tps=0&ttft=0', messages: 'Hello!' }).final().catch((error) => error)
const left = gw.chat.stream({ model: 'simulator/stall?tps=0&ttft=0', messages: 'Hello!' })
for await (const _ of left) break
const late = await gw.chat({ model: 'simulator/stall', messages: 'x' }, { timeouts: { firstByte: 50 }, maxRetries: 0 }).catch((error) => error)
const nobody = await new Gateway({ baseURL: '${nobody()}', maxRetries: 0 }).health().catch((error) => error)
const aborted = await gw.chat({ model: 'simulator/stall', messages: 'x' }, { signal: AbortSignal.timeout(20) }).catch((error) => error)
return JSON.stringify([parsed.a, run.text, text, streamed, error.name, error instanceof GatewayError, parse, cut.partial.text, late.phase, nobody.name, aborted.name])
`
/** What it prints, as JSON. */
export const EXPECTED = [
  1,
  'add answered: 2.',
  'Hi',
  'a b c',
  'ServerError',
  true,
  true,
  'Hello! I am the',
  'firstByte',
  'ConnectionError',
  'AbortError',
]

const NAMES = { '': 'Gateway, GatewayError, ParseError', '/tools': 'parseArguments, tool', '/schema': 'fromJsonSchema' }

/** The lines that load what the program needs. */
export const loading = (line: (names: string, from: string) => string): string =>
  Object.entries(NAMES)
    .map(([path, names]) => line(names, `@inference-gateway/sdk${path}`))
    .join('\n')
