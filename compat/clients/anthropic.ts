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
  expectPositive,
  expectTimeout,
  expectWeatherCall,
  expectWords,
  foreign,
  GREETING,
  HELLO,
  IMAGE,
  scripted,
  TIME,
  TIMEOUT_MS,
  WEATHER,
} from '../expect.ts'
import { versionOf } from './version.ts'

/** Messages, answered by models of other providers. */
export const anthropicMessages = (place: Place): Promise<Client> =>
  clientOf(place, {
    api: '/v1/messages',
    path: '',
    model: (kind) => (isScripted(kind) ? `scripted/${kind}` : `simulator/${kind}`),
    failure: ({ model }) => model,
  })

/** Anthropic's own API, passed on as it is. */
export const anthropicProxy = (place: Place): Promise<Client> =>
  clientOf(place, {
    api: '/proxy/anthropic',
    path: '/proxy/anthropic',
    model: (kind) => (isScripted(kind) ? kind : 'claude'),
    failure: scripted,
  })

interface Way {
  readonly api: string
  /** Behind the gateway's origin. */
  readonly path: string
  readonly model: (kind: Kind) => string
  readonly failure: Parameters<typeof errorChecks>[2]
}

type Kind = 'chat' | 'tools' | 'json' | 'plain' | 'endless' | 'silent'

const isScripted = (kind: Kind) => kind === 'plain' || kind === 'endless' || kind === 'silent'

const toolOf = ({ name, description, parameters }: typeof WEATHER | typeof TIME) => ({
  name,
  description,
  input_schema: { ...parameters, required: [...parameters.required] },
})

async function clientOf(place: Place, { api, path, model, failure }: Way): Promise<Client> {
  const { Anthropic } = await import('@anthropic-ai/sdk')
  const client = new Anthropic({ baseURL: `${place.gateway}${path}`, apiKey: 'unused', maxRetries: 0 })
  const question = (name: string, content = HELLO) => ({
    model: name,
    max_tokens: 500,
    messages: [{ role: 'user' as const, content }],
  })
  const chat = (name: string) => client.messages.create(question(name))
  return {
    name: '@anthropic-ai/sdk',
    version: versionOf('@anthropic-ai/sdk'),
    api,
    checks: {
      async models() {
        const ids = []
        for await (const { id, type, display_name } of client.models.list()) ids.push(id, type, display_name)
        expectWords(ids.join(' '), path === '' ? 'simulator/chat' : 'claude')
        expectWords(ids[1], 'model')
        expectWords(ids[2], '')
      },
      async chat() {
        const block = (await chat(model('chat'))).content[0]
        expectWords(block?.type === 'text' && block.text, GREETING)
      },
      stream: async () => expectWords(await client.messages.stream(question(model('chat'))).finalText(), GREETING),
      async tools() {
        const message = await client.messages.create({
          ...question(model('tools'), ASK_WEATHER),
          tools: [toolOf(WEATHER)],
        })
        const block = message.content.find(({ type }) => type === 'tool_use')
        if (block?.type !== 'tool_use') throw new Error(`no call, but ${JSON.stringify(message.content)}`)
        expectWeatherCall(block.name, block.input)
      },
      async 'parallel tools'() {
        const tools = [toolOf(WEATHER), toolOf(TIME)]
        const { content } = await client.messages.create({ ...question(model('tools'), ASK_BOTH), tools })
        expectBothCalls(content.flatMap((block) => (block.type === 'tool_use' ? block.name : [])))
      },
      async 'structured output'() {
        const output_config = { format: { type: 'json_schema' as const, schema: DOG } }
        const message = await client.messages.create({ ...question(model('json'), ASK_DOG), output_config })
        const block = message.content[0]
        expectDog(block?.type === 'text' ? block.text : null)
      },
      async vision() {
        const source = { type: 'base64' as const, media_type: 'image/png' as const, data: IMAGE }
        const content = [
          { type: 'image' as const, source },
          { type: 'text' as const, text: ASK_IMAGE },
        ]
        await client.messages.create({ ...question(model('plain')), messages: [{ role: 'user', content }] })
        await expectImageSeen(place)
      },
      async usage() {
        expectPositive('usage', (await chat(model('chat'))).usage.output_tokens)
        const { usage } = await client.messages.stream(question(model('chat'))).finalMessage()
        expectPositive('usage of the stream', usage.output_tokens)
      },
      ...errorChecks(
        chat,
        (error) =>
          error instanceof Anthropic.APIError
            ? { isOwn: error.type !== null, status: error.status, message: error.message }
            : foreign(error),
        failure,
      ),
      abort: () =>
        expectAbort(place, (signal) =>
          client.messages.create({ ...question(model('endless')), stream: true }, { signal }),
        ),
      timeout: () =>
        expectTimeout(
          place,
          () => client.messages.create(question(model('silent')), { timeout: TIMEOUT_MS }),
          (error) => error instanceof Anthropic.APIConnectionTimeoutError,
        ),
      embeddings: 'Anthropic has none.',
      completions: 'Anthropic has none by now.',
    },
  }
}
