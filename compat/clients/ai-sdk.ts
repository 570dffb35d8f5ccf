import type { EmbeddingModel, LanguageModel, ToolSet } from 'ai'
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
  IMAGE,
  TIME,
  TIMEOUT_MS,
  WEATHER,
} from '../expect.ts'
import { versionOf } from './version.ts'

export async function aiSdkCompatible(place: Place): Promise<Client> {
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
  const provider = createOpenAICompatible({
    name: 'gateway',
    baseURL: `${place.gateway}/v1`,
    includeUsage: true,
    supportsStructuredOutputs: true,
  })
  const more = {
    embedder: provider.embeddingModel('simulator/embed'),
    completer: provider.completionModel('scripted/plain'),
  }
  return clientOf(place, '@ai-sdk/openai-compatible', '/v1/chat/completions', provider, more)
}

/** Responses is what it speaks unless told otherwise. */
export async function aiSdkOpenAi(place: Place): Promise<Client> {
  const { createOpenAI } = await import('@ai-sdk/openai')
  const provider = createOpenAI({ baseURL: `${place.gateway}/v1`, apiKey: 'unused' })
  const more = {
    embedder: provider.embeddingModel('simulator/embed'),
    completer: provider.completion('scripted/plain'),
  }
  return clientOf(place, '@ai-sdk/openai', '/v1/responses', provider, more)
}

async function clientOf(
  place: Place,
  dependency: string,
  api: string,
  modelOf: (id: string) => LanguageModel,
  { embedder, completer }: { readonly embedder: EmbeddingModel; readonly completer: LanguageModel },
): Promise<Client> {
  const { APICallError, embed, generateText, jsonSchema, Output, streamText, tool } = await import('ai')
  const toolOf = ({ description, parameters }: typeof WEATHER | typeof TIME) =>
    tool({ description, inputSchema: jsonSchema({ ...parameters, required: [...parameters.required] }) })
  const chat = (model: string) => generateText({ model: modelOf(model), prompt: HELLO, maxRetries: 0 })
  return {
    name: `ai with ${dependency}`,
    version: `${versionOf('ai')}, ${versionOf(dependency)}`,
    api,
    checks: {
      models: 'It has no call for it.',
      chat: async () => expectWords((await chat('simulator/chat')).text, GREETING),
      stream: async () =>
        expectWords(await streamText({ model: modelOf('simulator/chat'), prompt: HELLO }).text, GREETING),
      async tools() {
        // Without `exactOptionalPropertyTypes`, as its authors compile it, it is one.
        const tools = { [WEATHER.name]: toolOf(WEATHER) } as unknown as ToolSet
        const calls = await streamText({ model: modelOf('simulator/tools'), prompt: ASK_WEATHER, tools }).toolCalls
        expectWeatherCall(calls[0]?.toolName, calls[0]?.input)
      },
      async 'parallel tools'() {
        const tools = { [WEATHER.name]: toolOf(WEATHER), [TIME.name]: toolOf(TIME) } as unknown as ToolSet // as above
        const calls = await streamText({ model: modelOf('simulator/tools'), prompt: ASK_BOTH, tools }).toolCalls
        expectBothCalls(calls.map(({ toolName }) => toolName))
      },
      async 'structured output'() {
        const output = Output.object({ schema: jsonSchema(DOG as object) })
        expectDog((await generateText({ model: modelOf('simulator/json'), prompt: ASK_DOG, output })).output)
      },
      async vision() {
        const content = [
          { type: 'text' as const, text: ASK_IMAGE },
          { type: 'file' as const, data: IMAGE, mediaType: 'image/png' },
        ]
        await generateText({ model: modelOf('scripted/plain'), messages: [{ role: 'user', content }] })
        await expectImageSeen(place)
      },
      async usage() {
        expectPositive('usage', (await chat('simulator/chat')).usage.totalTokens)
        const { usage } = streamText({ model: modelOf('simulator/chat'), prompt: HELLO })
        expectPositive('usage of the stream', (await usage).totalTokens)
      },
      ...errorChecks(chat, (error) => {
        if (!APICallError.isInstance(error)) return foreign(error)
        return { isOwn: true, status: error.statusCode, message: error.message }
      }),
      abort: () =>
        expectAbort(
          place,
          (abortSignal) => streamText({ model: modelOf('scripted/endless'), prompt: HELLO, abortSignal }).textStream,
        ),
      timeout: () =>
        expectTimeout(
          place,
          () => generateText({ model: modelOf('scripted/silent'), prompt: HELLO, timeout: TIMEOUT_MS, maxRetries: 0 }),
          (error) => error instanceof Error && error.name === 'TimeoutError',
        ),
      embeddings: async () =>
        expectMoreThan(100, 'dimensions', (await embed({ model: embedder, value: HELLO })).embedding),
      completions: async () => expectWords((await generateText({ model: completer, prompt: HELLO })).text, GREETING),
    },
  }
}
