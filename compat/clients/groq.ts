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
  TIME,
  TIMEOUT_MS,
  WEATHER,
} from '../expect.ts'
import { versionOf } from './version.ts'

/** It appends `/openai/v1/…` to its base URL by itself. */
export async function groq(place: Place): Promise<Client> {
  const { Groq } = await import('groq-sdk')
  const client = new Groq({ baseURL: place.gateway, apiKey: 'unused', maxRetries: 0 })
  const question = (model: string, content = HELLO) => ({ model, messages: [{ role: 'user' as const, content }] })
  const chat = (model: string) => client.chat.completions.create(question(model))
  return {
    name: 'groq-sdk',
    version: versionOf('groq-sdk'),
    api: '/v1/chat/completions',
    checks: {
      async models() {
        const ids = (await client.models.list()).data.map(({ id }) => id)
        expectWords(ids.join(' '), 'simulator/chat')
      },
      chat: async () => expectWords((await chat('simulator/chat')).choices[0]?.message.content, GREETING),
      async stream() {
        const chunks = await client.chat.completions.create({ ...question('simulator/chat'), stream: true })
        let text = ''
        for await (const { choices } of chunks) text += choices[0]?.delta.content ?? ''
        expectWords(text, GREETING)
      },
      async tools() {
        const tools = [{ type: 'function' as const, function: WEATHER }]
        const completion = await client.chat.completions.create({ ...question('simulator/tools', ASK_WEATHER), tools })
        const call = completion.choices[0]?.message.tool_calls?.[0]?.function
        expectWeatherCall(call?.name, call?.arguments)
      },
      async 'parallel tools'() {
        const tools = [WEATHER, TIME].map((tool) => ({ type: 'function' as const, function: tool }))
        const completion = await client.chat.completions.create({ ...question('simulator/tools', ASK_BOTH), tools })
        expectBothCalls(completion.choices[0]?.message.tool_calls?.map((call) => call.function.name))
      },
      async 'structured output'() {
        const response_format = { type: 'json_schema' as const, json_schema: { name: 'dog', schema: DOG } }
        const request = { ...question('simulator/json', ASK_DOG), response_format }
        expectDog((await client.chat.completions.create(request)).choices[0]?.message.content)
      },
      async vision() {
        const content = [
          { type: 'text' as const, text: ASK_IMAGE },
          { type: 'image_url' as const, image_url: { url: IMAGE_URL } },
        ]
        await client.chat.completions.create({ model: 'scripted/plain', messages: [{ role: 'user', content }] })
        await expectImageSeen(place)
      },
      usage: async () => expectPositive('usage', (await chat('simulator/chat')).usage?.total_tokens),
      ...errorChecks(chat, (error) =>
        error instanceof Groq.APIError ? { isOwn: true, status: error.status, message: error.message } : foreign(error),
      ),
      abort: () =>
        expectAbort(place, (signal) =>
          client.chat.completions.create({ ...question('scripted/endless'), stream: true }, { signal }),
        ),
      timeout: () =>
        expectTimeout(
          place,
          () => client.chat.completions.create(question('scripted/silent'), { timeout: TIMEOUT_MS }),
          (error) => error instanceof Groq.APIConnectionTimeoutError,
        ),
      async embeddings() {
        const { data } = await client.embeddings.create({ model: 'simulator/embed', input: HELLO })
        expectMoreThan(100, 'dimensions', data[0]?.embedding)
      },
      completions: 'It has no call for it.',
    },
  }
}
