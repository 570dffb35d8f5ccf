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
  expectWeatherCall,
  expectWords,
  GREETING,
  HELLO,
  IMAGE,
  scripted,
  TIME,
  WEATHER,
} from '../expect.ts'
import { versionOf } from './version.ts'

/** It speaks Ollama's own API alone, which the gateway passes on and does not have itself. */
export async function ollama(place: Place): Promise<Client> {
  const { Ollama } = await import('ollama')
  const clientOf = () => new Ollama({ host: `${place.gateway}/proxy/ollama` })
  const client = clientOf()
  const question = (model: string, content = HELLO) => ({ model, messages: [{ role: 'user', content }] })
  const chat = (model: string) => client.chat(question(model))
  return {
    name: 'ollama (npm)',
    version: versionOf('ollama'),
    api: '/proxy/ollama',
    checks: {
      models: async () => expectMoreThan(0, 'models', (await client.list()).models),
      chat: async () => expectWords((await chat('llama')).message.content, GREETING),
      async stream() {
        let text = ''
        for await (const { message } of await client.chat({ ...question('llama'), stream: true }))
          text += message.content
        expectWords(text, GREETING)
      },
      async tools() {
        const parameters = { ...WEATHER.parameters, required: [...WEATHER.parameters.required] }
        const tools = [{ type: 'function', function: { ...WEATHER, parameters } }]
        const { message } = await client.chat({ ...question('llama', ASK_WEATHER), tools })
        const call = message.tool_calls?.[0]?.function
        expectWeatherCall(call?.name, call?.arguments)
      },
      async 'parallel tools'() {
        const parameters = { ...WEATHER.parameters, required: [...WEATHER.parameters.required] }
        const tools = [WEATHER, TIME].map((tool) => ({ type: 'function', function: { ...tool, parameters } }))
        const { message } = await client.chat({ ...question('llama', ASK_BOTH), tools })
        expectBothCalls(message.tool_calls?.map((call) => call.function.name))
      },
      'structured output': async () =>
        expectDog((await client.chat({ ...question('llama', ASK_DOG), format: DOG })).message.content),
      async vision() {
        await client.chat({ model: 'llama', messages: [{ role: 'user', content: ASK_IMAGE, images: [IMAGE] }] })
        await expectImageSeen(place)
      },
      usage: async () => expectPositive('eval_count', (await chat('llama')).eval_count),
      ...errorChecks(
        chat,
        (error) => ({
          isOwn: error instanceof Error && error.name === 'ResponseError',
          status: error instanceof Error ? Reflect.get(error, 'status_code') : null,
          message: error instanceof Error ? error.message : '',
        }),
        scripted,
      ),
      abort: () =>
        expectAbort(place, (signal) => {
          const leaver = clientOf()
          signal.addEventListener('abort', () => leaver.abort())
          return leaver.chat({ ...question('endless'), stream: true })
        }),
      timeout: 'It has none; the client that is left aborts.',
      embeddings: async () =>
        expectMoreThan(0, 'vectors', (await client.embed({ model: 'llama', input: HELLO })).embeddings),
      completions: async () =>
        expectWords((await client.generate({ model: 'llama', prompt: HELLO })).response, GREETING),
    },
  }
}
