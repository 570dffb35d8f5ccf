import type { EmbeddingModel, LanguageModel, ToolSet } from 'ai'
import type { Client, Place } from '../client.ts'
import {
  ASK_DOG,
  ASK_WEATHER,
  DOG,
  errorChecks,
  expectAbort,
  expectDog,
  expectMoreThan,
  expectPositive,
  expectWeatherCall,
  expectWords,
  foreign,
  GREETING,
  HELLO,
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
  const embedder = provider.embeddingModel('simulator/embed')
  return clientOf(place, '@ai-sdk/openai-compatible', '/v1/chat/completions', provider, embedder)
}

/** Responses is what it speaks unless told otherwise. */
export async function aiSdkOpenAi(place: Place): Promise<Client> {
  const { createOpenAI } = await import('@ai-sdk/openai')
  const provider = createOpenAI({ baseURL: `${place.gateway}/v1`, apiKey: 'unused' })
  const embedder = provider.embeddingModel('simulator/embed')
  return clientOf(place, '@ai-sdk/openai', '/v1/responses', provider, embedder)
}

async function clientOf(
  place: Place,
  dependency: string,
  api: string,
  modelOf: (id: string) => LanguageModel,
  embedder: EmbeddingModel,
): Promise<Client> {
  const { APICallError, embed, generateText, jsonSchema, Output, streamText, tool } = await import('ai')
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
        const { name, description, parameters } = WEATHER
        const inputSchema = jsonSchema({ ...parameters, required: [...parameters.required] })
        // Without `exactOptionalPropertyTypes`, as its authors compile it, it is one.
        const tools = { [name]: tool({ description, inputSchema }) } as unknown as ToolSet
        const calls = await streamText({ model: modelOf('simulator/tools'), prompt: ASK_WEATHER, tools }).toolCalls
        expectWeatherCall(calls[0]?.toolName, calls[0]?.input)
      },
      async 'structured output'() {
        const output = Output.object({ schema: jsonSchema(DOG as object) })
        expectDog((await generateText({ model: modelOf('simulator/json'), prompt: ASK_DOG, output })).output)
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
      embeddings: async () =>
        expectMoreThan(100, 'dimensions', (await embed({ model: embedder, value: HELLO })).embedding),
    },
  }
}
