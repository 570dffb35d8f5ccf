import type { OpenAI as CurrentOpenAI } from 'openai'
import type { Checks, Client, Place } from '../client.ts'
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
  foreign,
  GREETING,
  HELLO,
  IMAGE_URL,
  TIME,
  TIMEOUT_MS,
  WEATHER,
} from '../expect.ts'
import { versionOf } from './version.ts'

export async function currentOpenAi(place: Place): Promise<Client> {
  const { OpenAI } = await import('openai')
  const checks = checksOf(place, clientOf(place, OpenAI), OpenAI)
  return { name: 'openai (npm)', version: versionOf('openai'), api: '/v1/chat/completions', checks }
}

export async function previousOpenAi(place: Place): Promise<Client> {
  const { OpenAI } = await import('openai-previous')
  const client: unknown = clientOf(place, OpenAI)
  // The few calls of the checks are the same in both majors.
  const checks = checksOf(place, client as CurrentOpenAI, OpenAI)
  return { name: 'openai (npm)', version: versionOf('openai-previous'), api: '/v1/chat/completions', checks }
}

const clientOf = <T>(
  { gateway }: Place,
  OpenAI: new (options: { baseURL: string; apiKey: string; maxRetries: number }) => T,
): T => new OpenAI({ baseURL: `${gateway}/v1`, apiKey: 'unused', maxRetries: 0 })

interface ErrorTypes {
  readonly APIError: abstract new (...parts: never[]) => { readonly status: unknown; readonly message: string }
  readonly APIConnectionTimeoutError: abstract new (...parts: never[]) => unknown
}

const user = (content: string) => [{ role: 'user' as const, content }]

function checksOf(place: Place, client: CurrentOpenAI, errors: ErrorTypes): Checks {
  const { APIError: ApiError, APIConnectionTimeoutError: TimeoutError } = errors
  const chat = (model: string, content = HELLO) => client.chat.completions.create({ model, messages: user(content) })
  return {
    async models() {
      const ids = []
      for await (const { id } of client.models.list()) ids.push(id)
      expectWords(ids.join(' '), 'simulator/chat')
      expectWords((await client.models.retrieve('simulator/chat')).id, 'simulator/chat')
    },
    async chat() {
      expectWords((await chat('simulator/chat')).choices[0]?.message.content, GREETING)
    },
    async stream() {
      const stream = client.chat.completions.stream({ model: 'simulator/chat', messages: user(HELLO) })
      expectWords(await stream.finalContent(), GREETING)
    },
    async tools() {
      const tools = [{ type: 'function' as const, function: WEATHER }]
      const stream = client.chat.completions.stream({ model: 'simulator/tools', messages: user(ASK_WEATHER), tools })
      const call = (await stream.finalMessage()).tool_calls?.[0]
      if (call?.type !== 'function') throw new Error('no call')
      expectWeatherCall(call.function.name, call.function.arguments)
    },
    async 'parallel tools'() {
      const tools = [WEATHER, TIME].map((tool) => ({ type: 'function' as const, function: tool }))
      const stream = client.chat.completions.stream({ model: 'simulator/tools', messages: user(ASK_BOTH), tools })
      const calls = (await stream.finalMessage()).tool_calls
      expectBothCalls(calls?.map((call) => (call.type === 'function' ? call.function.name : '')))
    },
    async 'structured output'() {
      const json_schema = { name: 'dog', schema: DOG, strict: true }
      const completion = await client.chat.completions.parse({
        model: 'simulator/json',
        messages: user(ASK_DOG),
        response_format: { type: 'json_schema', json_schema },
      })
      expectDog(completion.choices[0]?.message.parsed)
    },
    async vision() {
      const content = [
        { type: 'text' as const, text: ASK_IMAGE },
        { type: 'image_url' as const, image_url: { url: IMAGE_URL } },
      ]
      await client.chat.completions.create({ model: 'scripted/plain', messages: [{ role: 'user', content }] })
      await expectImageSeen(place)
    },
    async usage() {
      expectPositive('usage', (await chat('simulator/chat')).usage?.total_tokens)
      const options = { stream: true, stream_options: { include_usage: true } } as const
      const chunks = await client.chat.completions.create({
        model: 'simulator/chat',
        messages: user(HELLO),
        ...options,
      })
      let total = 0
      for await (const { usage } of chunks) total += usage?.total_tokens ?? 0
      expectPositive('usage of the stream', total)
    },
    ...errorChecks(chat, (error) =>
      error instanceof ApiError ? { isOwn: true, status: error.status, message: error.message } : foreign(error),
    ),
    abort: () =>
      expectAbort(place, (signal) =>
        client.chat.completions.create({ model: 'scripted/endless', messages: user(HELLO), stream: true }, { signal }),
      ),
    timeout: () =>
      expectTimeout(
        place,
        () =>
          client.chat.completions.create({ model: 'scripted/silent', messages: user(HELLO) }, { timeout: TIMEOUT_MS }),
        (error) => error instanceof TimeoutError,
      ),
    async embeddings() {
      const { data } = await client.embeddings.create({ model: 'simulator/embed', input: HELLO })
      expectMoreThan(100, 'dimensions', data[0]?.embedding)
    },
    async completions() {
      const { choices } = await client.completions.create({ model: 'scripted/plain', prompt: HELLO })
      expectWords(choices[0]?.text, GREETING)
    },
  }
}
