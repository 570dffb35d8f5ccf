import type { Client, Place } from '../client.ts'
import {
  ASK_BOTH,
  ASK_DOG,
  ASK_IMAGE,
  ASK_WEATHER,
  DOG,
  errorChecks,
  expectAbort,
  expectBothCalls,
  expectDog,
  expectImageSeen,
  expectMoreThan,
  expectPositive,
  expectTimeout,
  expectWeatherCall,
  expectWords,
  GREETING,
  HELLO,
  IMAGE_URL,
  TIME,
  TIMEOUT_MS,
  WEATHER,
} from '../expect.ts'

/** Nothing but curl and a body: no `content-type` is named, as many a README forgets it. */
export async function curl(place: Place): Promise<Client> {
  const version = /^curl (\S+)/.exec(await output(['--version']))?.[1] ?? ''
  const ask = async (path: string, body?: object) =>
    JSON.parse(await output([`${place.gateway}/v1${path}`, ...dataOf(body)])) as Answer // the checks find out
  const chat = (model: string, content: string | readonly object[] = HELLO, more = {}) =>
    ask('/chat/completions', question(model, content, more))
  const streamed = (more = {}) => [
    `${place.gateway}/v1/chat/completions`,
    ...dataOf(question('simulator/chat', HELLO, { stream: true, ...more })),
  ]
  return {
    name: 'curl',
    version,
    api: '/v1/chat/completions',
    checks: {
      models: async () => expectWords(JSON.stringify(await ask('/models')), 'simulator/chat'),
      chat: async () => expectWords((await chat('simulator/chat')).choices?.[0]?.message.content, GREETING),
      stream: async () => expectWords(await output(['-N', ...streamed()]), 'data: [DONE]'),
      async tools() {
        const tools = [{ type: 'function', function: WEATHER }]
        const { choices } = await chat('simulator/tools', ASK_WEATHER, { tools })
        const call = choices?.[0]?.message.tool_calls?.[0]?.function
        expectWeatherCall(call?.name, call?.arguments)
      },
      async 'parallel tools'() {
        const tools = [WEATHER, TIME].map((tool) => ({ type: 'function', function: tool }))
        const { choices } = await chat('simulator/tools', ASK_BOTH, { tools })
        expectBothCalls(choices?.[0]?.message.tool_calls?.map((call) => call.function.name))
      },
      async 'structured output'() {
        const response_format = { type: 'json_schema', json_schema: { name: 'dog', schema: DOG } }
        expectDog((await chat('simulator/json', ASK_DOG, { response_format })).choices?.[0]?.message.content)
      },
      async vision() {
        const content = [
          { type: 'text', text: ASK_IMAGE },
          { type: 'image_url', image_url: { url: IMAGE_URL } },
        ]
        expectWords((await chat('scripted/plain', content)).choices?.[0]?.message.content, GREETING)
        await expectImageSeen(place)
      },
      async usage() {
        expectPositive('usage', (await chat('simulator/chat')).usage?.total_tokens)
        expectWords(await output(['-N', ...streamed({ stream_options: { include_usage: true } })]), '"total_tokens"')
      },
      ...errorChecks(
        async (model) => {
          const args = ['-w', '\n%{http_code}', `${place.gateway}/v1/chat/completions`]
          throw await output([...args, ...dataOf(question(model, HELLO))])
        },
        (printed) => {
          const [body = '', status = ''] = String(printed).split('\n')
          const { error } = JSON.parse(body) as { error: unknown }
          return { isOwn: typeof error === 'string', status: Number(status), message: String(error) }
        },
      ),
      abort: () => expectAbort(place, (signal) => follow(place, signal)),
      async timeout() {
        const args = ['--max-time', String(TIMEOUT_MS / 1000), `${place.gateway}/v1/chat/completions`]
        const ask = () => output([...args, ...dataOf(question('scripted/silent', HELLO))])
        await expectTimeout(place, ask, (error) => String(error).includes('timed out'))
      },
      async embeddings() {
        const { data } = await ask('/embeddings', { model: 'simulator/embed', input: HELLO })
        expectMoreThan(100, 'dimensions', data?.[0]?.embedding)
      },
      async completions() {
        const { choices } = await ask('/completions', { model: 'scripted/plain', prompt: HELLO })
        expectWords(choices?.[0]?.text, GREETING)
      },
    },
  }
}

/** What the checks look at. */
interface Answer {
  readonly choices?: readonly { readonly message: Message; readonly text?: string }[]
  readonly usage?: { readonly total_tokens: number }
  readonly data?: readonly { readonly embedding: readonly number[] }[]
}

interface Message {
  readonly content: string | null
  readonly tool_calls?: readonly { readonly function: { readonly name: string; readonly arguments: string } }[]
}

const question = (model: string, content: string | readonly object[], more = {}) => ({
  model,
  messages: [{ role: 'user', content }],
  ...more,
})

const dataOf = (body?: object): readonly string[] => (body === undefined ? [] : ['--data', JSON.stringify(body)])

async function output(args: readonly string[]): Promise<string> {
  const child = Bun.spawn(['curl', '--silent', '--show-error', ...args], { stdout: 'pipe', stderr: 'pipe' })
  const [text, complaint, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (status !== 0) throw new Error(complaint.trim() || `curl ended with ${status}`)
  return text
}

/** What arrives, until the signal ends curl. */
function follow({ gateway }: Place, signal: AbortSignal): AsyncIterable<unknown> {
  const body = question('scripted/endless', HELLO, { stream: true })
  const args = ['--silent', '-N', `${gateway}/v1/chat/completions`, ...dataOf(body)]
  return Bun.spawn(['curl', ...args], { stdout: 'pipe', stderr: 'ignore', signal }).stdout
}
