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
import { versionOf } from './version.ts'

export async function langchain(place: Place): Promise<Client> {
  const { ChatOpenAI, OpenAI, OpenAIEmbeddings } = await import('@langchain/openai')
  const options = { apiKey: 'unused', maxRetries: 0, configuration: { baseURL: `${place.gateway}/v1` } }
  const modelOf = (model: string) => new ChatOpenAI({ ...options, model, streamUsage: true })
  const ask = (model: string) => modelOf(model).invoke(HELLO)
  return {
    name: '@langchain/openai',
    version: versionOf('@langchain/openai'),
    api: '/v1/chat/completions',
    checks: {
      models: 'It has no call for it.',
      chat: async () => expectWords((await ask('simulator/chat')).text, GREETING),
      async stream() {
        let text = ''
        for await (const part of await modelOf('simulator/chat').stream(HELLO)) text += part.text
        expectWords(text, GREETING)
      },
      async tools() {
        const model = modelOf('simulator/tools').bindTools([{ type: 'function', function: WEATHER }])
        const call = (await model.invoke(ASK_WEATHER)).tool_calls?.[0]
        expectWeatherCall(call?.name, call?.args)
      },
      async 'parallel tools'() {
        const tools = [WEATHER, TIME].map((tool) => ({ type: 'function' as const, function: tool }))
        const { tool_calls: calls } = await modelOf('simulator/tools').bindTools(tools).invoke(ASK_BOTH)
        expectBothCalls(calls?.map(({ name }) => name))
      },
      async 'structured output'() {
        const model = modelOf('simulator/json').withStructuredOutput(DOG, { name: 'dog', method: 'jsonSchema' })
        expectDog(await model.invoke(ASK_DOG))
      },
      async vision() {
        const content = [
          { type: 'text' as const, text: ASK_IMAGE },
          { type: 'image_url' as const, image_url: { url: IMAGE_URL } },
        ]
        await modelOf('scripted/plain').invoke([{ role: 'user', content }])
        await expectImageSeen(place)
      },
      async usage() {
        expectPositive('usage', totalOf(await ask('simulator/chat')))
        let total = 0
        for await (const part of await modelOf('simulator/chat').stream(HELLO)) total += totalOf(part) ?? 0
        expectPositive('usage of the stream', total)
      },
      ...errorChecks(ask, (error) => ({
        isOwn: error instanceof Error,
        status: error instanceof Error ? Reflect.get(error, 'status') : null,
        message: error instanceof Error ? error.message : '',
      })),
      abort: () => expectAbort(place, (signal) => modelOf('scripted/endless').stream(HELLO, { signal })),
      timeout: () =>
        expectTimeout(
          place,
          () => new ChatOpenAI({ ...options, model: 'scripted/silent', timeout: TIMEOUT_MS }).invoke(HELLO),
          (error) => error instanceof Error && error.name === 'TimeoutError',
        ),
      async embeddings() {
        const embeddings = new OpenAIEmbeddings({ ...options, model: 'simulator/embed' })
        expectMoreThan(100, 'dimensions', await embeddings.embedQuery(HELLO))
      },
      completions: async () =>
        expectWords(await new OpenAI({ ...options, model: 'scripted/plain' }).invoke(HELLO), GREETING),
    },
  }
}

/** Its own types lose the field under strict compiler options. */
const totalOf = ({ usage_metadata }: { readonly usage_metadata?: unknown }): number | undefined =>
  (usage_metadata as { readonly total_tokens: number } | undefined)?.total_tokens
