// `npm run bench:translate`: what it costs to tell a stream in another dialect, against relaying it. Relaying and every
// translation take turns, so that whatever else the machine does falls on all; the ratio within a round is the result.
import { parseArgs } from 'node:util'
import { createNativeTap } from '../packages/gateway/src/dispatch/native-tap.ts'
import { createChatTap, type ChatTap } from '../packages/gateway/src/dispatch/tap.ts'
import { createTranslatingTap } from '../packages/gateway/src/dispatch/translate.ts'
import { MessageStream } from '../packages/gateway/src/providers/dialects/anthropic-messages/stream-from-chat.ts'
import { chatDialects } from '../packages/gateway/src/providers/dialects/chat-dialects.ts'
import { ResponseStream } from '../packages/gateway/src/providers/dialects/openai-responses/stream-from-chat.ts'
import type { ChatDialectName } from '../packages/gateway/src/providers/provider.ts'
import { LOAD_CORE, pinSelf } from './cores.ts'
import { baseUrl, startGateway, startUpstream } from './gateway.ts'
import { type Scenario, streamedChat } from './load.ts'
import { sample } from './measure.ts'
import { CONTENT_EVENTS, postRequest, streamEvents } from './messages.ts'
import { anthropicEvents, cohereEvents, googleEvents } from './native-streams.ts'
import { runFolder } from './run-folder.ts'
import { median } from './statistics.ts'

/** A way of a stream from the provider to the client. The first is relayed; the others are held against it. */
interface Way {
  readonly name: string
  /** What the provider sends, each event as it stands on the wire. */
  readonly events: readonly string[]
  readonly tap: () => ChatTap
  readonly scenario: Scenario
}

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, seconds: { type: 'string', default: '1' } },
})
const ROUNDS = Number(options.rounds)
/** Streams in one turn of a tap. */
const STREAMS = 300
/** How many times as much as relaying the whole may cost. */
const TARGET = 3

const chatEvents = streamEvents(false).map((data) => `data: ${data}\n\n`)
const provider = 'bench'
const errorEvent = (error: unknown): string => {
  throw error
}
const facts = { created: 0, model: 'bench', choices: 1 }
const native = (name: ChatDialectName) => () =>
  createNativeTap({ narrator: chatDialects[name].stream(facts), wantsUsage: false, provider, errorEvent })

const messages = [{ role: 'user', content: 'Explain how a reverse proxy relays a response.' }]
const chat = (model: string): string => postRequest('/v1/chat/completions', { model, messages, stream: true })

/** A stream whose end is right, of which every event of the provider's is counted. */
const streamed = (name: string, request: string, ending: RegExp, events: number): Scenario => ({
  ...streamedChat,
  name,
  request,
  count: ({ body }) => {
    if (!ending.test(body)) throw new Error(`${name}: the stream does not end as it should`)
    if (!body.includes(` piece ${CONTENT_EVENTS - 1}"`)) throw new Error(`${name}: the stream is not whole`)
    return events
  },
})

const way = (name: string, events: readonly string[], tap: Way['tap'], request: string, ending: RegExp): Way => ({
  name,
  events,
  tap,
  scenario: streamed(name, request, ending, events.length),
})

const DONE = /data: \[DONE\]\n\n$/
const relayed = way('chat, relayed', chatEvents, () => createChatTap(true), chat('moonshot/bench'), DONE)
const translated: readonly Way[] = [
  way(
    'chat → Messages',
    chatEvents,
    () => createTranslatingTap({ translator: new MessageStream({ id: 'msg_1', model: 'm' }), provider, errorEvent }),
    postRequest('/v1/messages', { model: 'moonshot/bench', max_tokens: 500, messages, stream: true }),
    /"type":"message_stop"\}\n\n$/,
  ),
  way(
    'chat → Responses',
    chatEvents,
    () => {
      const translator = new ResponseStream({ seed: 'bench', createdAt: 0, request: {} })
      return createTranslatingTap({ translator, provider, errorEvent })
    },
    postRequest('/v1/responses', { model: 'moonshot/bench', input: messages, stream: true }),
    /event: response\.completed\ndata: .*\n\n$/,
  ),
  way('Messages → chat', anthropicEvents, native('anthropic-messages'), chat('anthropic/bench'), DONE),
  way('Cohere v2 → chat', cohereEvents, native('cohere-chat'), chat('cohere/bench'), DONE),
  way('Gemini → chat', googleEvents, native('google-generate-content'), chat('google/bench'), DONE),
]
const ways = [relayed, ...translated]

const folder = runFolder('translate')
pinSelf(LOAD_CORE)

console.log(table(['the translation alone', 'ratio'], await measure(async (each) => tapMicroseconds(each))))
const upstream = await startUpstream(folder)
const gateway = await startGateway(upstream, folder, {
  env: {
    MOONSHOT_API_URL: baseUrl(upstream),
    MOONSHOT_API_KEY: 'bench-key',
    ANTHROPIC_API_URL: baseUrl(upstream),
    ANTHROPIC_API_KEY: 'bench-key',
    ANTHROPIC_DIALECT: 'messages',
    COHERE_API_URL: `http://127.0.0.1:${upstream.port}`,
    COHERE_API_KEY: 'bench-key',
    COHERE_DIALECT: 'v2',
    GOOGLE_API_URL: `http://127.0.0.1:${upstream.port}/v1beta/openai`,
    GOOGLE_API_KEY: 'bench-key',
    GOOGLE_DIALECT: 'native',
  },
})
const roundMs = Number(options.seconds) * 1000
const wholeGateway = await measure(
  async ({ scenario }) => (await sample(gateway, scenario, roundMs)).cpuMicrosecondsPerUnit,
)
console.log(`\n${table(['the whole gateway', `ratio, ≤ ${TARGET}`], wholeGateway)}`)
process.exit(0)

/** µs of CPU time for an event that comes alone, as from a model. */
function tapMicroseconds({ events, tap }: Way): number {
  const pieces = events.map((event) => Buffer.from(event))
  const before = process.cpuUsage()
  for (let each = 0; each < STREAMS; each++) {
    const reader = tap()
    for (const piece of pieces) reader.push(piece)
    reader.end()
    if (!reader.state.isDone) throw new Error('the stream has not come to its end')
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (STREAMS * events.length)
}

/** For each way, its µs in every round. Who begins changes from round to round. */
async function measure(cost: (way: Way) => Promise<number>): Promise<ReadonlyMap<Way, readonly number[]>> {
  for (const each of ways) await cost(each) // a warm-up
  const costs = new Map<Way, number[]>(ways.map((each) => [each, []]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const each of round % 2 === 0 ? ways : ways.toReversed()) costs.get(each)?.push(await cost(each))
  }
  return costs
}

function table([title, ratio]: readonly [string, string], costs: ReadonlyMap<Way, readonly number[]>): string {
  const base = costs.get(relayed) ?? []
  const rows = [...costs].map(([{ name }, each]) => {
    const ratios = each.map((cost, round) => cost / (base[round] ?? Number.NaN))
    const range = `${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)}`
    return `| ${name} | ${median(each).toFixed(2)} | ${median(ratios).toFixed(2)} (${range}) |`
  })
  return [`| ${title} | µs per event | ${ratio} |`, '| --- | ---: | ---: |', ...rows].join('\n')
}
