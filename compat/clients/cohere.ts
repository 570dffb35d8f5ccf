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
  foreign,
  GREETING,
  HELLO,
  IMAGE_URL,
  scripted,
  TIME,
  TIMEOUT_MS,
  WEATHER,
} from '../expect.ts'
import { versionOf } from './version.ts'

/** It speaks Cohere's own API alone, which the gateway passes on and does not have itself. */
export async function cohere(place: Place): Promise<Client> {
  const { CohereClientV2, CohereError } = await import('cohere-ai')
  const client = new CohereClientV2({ baseUrl: `${place.gateway}/proxy/cohere`, token: 'unused' })
  const question = (model: string, content = HELLO) => ({ model, messages: [{ role: 'user' as const, content }] })
  const chat = (model: string) => client.chat(question(model), { maxRetries: 0 })
  const textOf = async (asked: Parameters<typeof client.chat>[0]) => {
    const block = (await client.chat(asked)).message.content?.[0]
    return block?.type === 'text' ? block.text : null
  }
  return {
    name: 'cohere-ai',
    version: versionOf('cohere-ai'),
    api: '/proxy/cohere',
    checks: {
      models: async () => expectMoreThan(0, 'models', (await client.models.list()).models),
      chat: async () => expectWords(await textOf(question('command')), GREETING),
      async stream() {
        let text = ''
        for await (const event of await client.chatStream(question('command')))
          if (event.type === 'content-delta') text += event.delta?.message?.content?.text ?? ''
        expectWords(text, GREETING)
      },
      async tools() {
        const tools = [{ type: 'function' as const, function: { ...WEATHER } }]
        const { message } = await client.chat({ ...question('command', ASK_WEATHER), tools })
        const call = message.toolCalls?.[0]?.function
        expectWeatherCall(call?.name, call?.arguments)
      },
      async 'parallel tools'() {
        const tools = [WEATHER, TIME].map((tool) => ({ type: 'function' as const, function: { ...tool } }))
        const { message } = await client.chat({ ...question('command', ASK_BOTH), tools })
        expectBothCalls(message.toolCalls?.map((call) => call.function?.name))
      },
      async 'structured output'() {
        const responseFormat = { type: 'json_object' as const, jsonSchema: { ...DOG } }
        expectDog(await textOf({ ...question('command', ASK_DOG), responseFormat }))
      },
      async vision() {
        const content = [
          { type: 'text' as const, text: ASK_IMAGE },
          { type: 'image_url' as const, imageUrl: { url: IMAGE_URL } },
        ]
        await client.chat({ model: 'command', messages: [{ role: 'user', content }] })
        await expectImageSeen(place)
      },
      usage: async () => expectPositive('usage', (await chat('command')).usage?.tokens?.outputTokens),
      ...errorChecks(
        chat,
        (error) =>
          error instanceof CohereError
            ? { isOwn: true, status: error.statusCode, message: error.message }
            : foreign(error),
        scripted,
      ),
      abort: () =>
        expectAbort(place, (abortSignal) => client.chatStream(question('endless'), { abortSignal, maxRetries: 0 })),
      timeout: () =>
        expectTimeout(
          place,
          () => client.chat(question('silent'), { timeoutInSeconds: TIMEOUT_MS / 1000, maxRetries: 0 }),
          (error) => error instanceof CohereError && error.message.includes('timeout'),
        ),
      async embeddings() {
        const asked = {
          model: 'command',
          inputType: 'search_query',
          embeddingTypes: ['float'],
          texts: [HELLO],
        } as const
        const { embeddings } = await client.embed({ ...asked, embeddingTypes: ['float'], texts: [HELLO] })
        expectMoreThan(0, 'vectors', embeddings.float)
      },
      completions: 'Cohere has none by now.',
    },
  }
}
