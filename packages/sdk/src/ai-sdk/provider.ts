import type { EmbeddingModelV4, LanguageModelV4, ProviderV4 } from '@ai-sdk/provider'
import { NoSuchModelError } from '@ai-sdk/provider'
import { Gateway, type GatewayOptions } from '../index.ts'
import { apiCallError, contentOf, finishReasonOf, headersOf, metadataOf, usageOf } from './answer.ts'
import { optionsOf, requestOf } from './request.ts'
import { partsOf } from './stream.ts'

/** A provider for the AI SDK: `gateway('openai/gpt-4o')` is a model. */
export interface GatewayProvider extends ProviderV4 {
  (modelId: string): LanguageModelV4
}

/** A provider that asks a gateway of its own. Given nothing, it is found as `new Gateway()` finds it. */
export function createGatewayProvider(source: Gateway | GatewayOptions = {}): GatewayProvider {
  let made: Gateway | undefined
  // Not before it is used: a module may be loaded before the environment is.
  const client = () => (made ??= source instanceof Gateway ? source : new Gateway(source))
  const languageModel = (modelId: string) => chatModel(client, modelId)
  return Object.assign(languageModel, {
    specificationVersion: 'v4' as const,
    languageModel,
    embeddingModel: (modelId: string) => embeddingModel(client, modelId),
    imageModel(modelId: string): never {
      throw new NoSuchModelError({ modelId, modelType: 'imageModel' })
    },
  })
}

function chatModel(client: () => Gateway, modelId: string): LanguageModelV4 {
  const url = () => `${client().baseURL}/v1/chat/completions`
  return {
    specificationVersion: 'v4',
    provider: 'inference-gateway',
    modelId,
    // Providers fetch images themselves.
    supportedUrls: { 'image/*': [/^https?:\/\/.+$/] },
    async doGenerate(call) {
      const { request, warnings } = requestOf(modelId, call)
      try {
        const { data, response, meta } = await client().chat(request, optionsOf(call)).withResponse()
        const { id, model, created, usage } = data
        return {
          content: contentOf(data),
          finishReason: finishReasonOf(data.finishReason),
          usage: usageOf(usage),
          warnings,
          providerMetadata: metadataOf(meta),
          request: { body: request },
          response: {
            id,
            modelId: model,
            timestamp: new Date(created * 1000),
            headers: headersOf(response),
            body: data,
          },
        }
      } catch (error) {
        throw apiCallError(error, url(), request)
      }
    },
    async doStream(call) {
      const { request, warnings } = requestOf(modelId, call)
      const explain = (error: unknown) => apiCallError(error, url(), request)
      const stream = client().chat.stream(request, optionsOf(call))
      try {
        const { response } = await stream.withResponse()
        const headers = headersOf(response)
        return { stream: partsOf(stream, warnings, explain), request: { body: request }, response: { headers } }
      } catch (error) {
        throw explain(error)
      }
    },
  }
}

function embeddingModel(client: () => Gateway, modelId: string): EmbeddingModelV4 {
  return {
    specificationVersion: 'v4',
    provider: 'inference-gateway',
    modelId,
    maxEmbeddingsPerCall: 2048,
    supportsParallelCalls: true,
    async doEmbed({ values, dimensions, providerOptions, ...call }) {
      const size = dimensions === undefined ? {} : { dimensions }
      const request = { model: modelId, input: values, ...size, ...providerOptions?.['gateway'] }
      try {
        const { data, response } = await client().embeddings(request, optionsOf(call)).withResponse()
        const { usage, data: list } = data
        return {
          embeddings: list.map(({ embedding }) => embedding.slice()),
          ...(usage === undefined ? {} : { usage: { tokens: usage.prompt_tokens } }),
          response: { headers: headersOf(response), body: data },
          warnings: [],
        }
      } catch (error) {
        throw apiCallError(error, `${client().baseURL}/v1/embeddings`, request)
      }
    },
  }
}

/** The gateway of `INFERENCE_GATEWAY_URL`, else of this machine. */
export const gateway: GatewayProvider = createGatewayProvider()
