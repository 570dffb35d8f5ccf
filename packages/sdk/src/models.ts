import type { Model as ListedModel, ModelList as ListedModels } from '@inference-gateway/protocol/models'
import type { Client } from './client.ts'
import { Reply } from './http/reply.ts'
import { jsonOf } from './http/json-answer.ts'
import type { Sent } from './http/send.ts'
import type { ProviderId, RequestOptions } from './options.ts'

/** One model. What a gateway or its provider does not tell is absent. */
export type Model = ListedModel & {
  /** For people. */
  readonly display_name?: string
  /** Tokens one answer may have. */
  readonly max_output_tokens?: number
  /** US dollars for one token, as decimals in text; `"0"` with `known: false` when nobody has said a price. */
  readonly pricing?: {
    readonly prompt: string
    readonly completion: string
    readonly input_cache_read?: string
    readonly known?: boolean
  }
  /** What it reads and writes: `text`, `image`, … */
  readonly architecture?: {
    readonly input_modalities?: readonly string[]
    readonly output_modalities?: readonly string[]
    readonly modality?: string
  }
  /** Fields of a request that it obeys. */
  readonly supported_parameters?: readonly string[]
}

/** The list of models, as it comes. */
export type ModelList = ListedModels & { readonly data: readonly Model[] }

/** The models there are, to be awaited as a list or gone through one by one. */
export class ModelsReply extends Reply<ModelList> implements AsyncIterable<Model> {
  constructor(sent: Promise<Sent>) {
    super(sent, (answer) => jsonOf<ModelList>(answer))
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Model> {
    yield* (await this).data
  }
}

/** What can be asked about models: `gw.models`. */
export interface Models {
  /** All models, or those of one provider. */
  list(query?: { readonly provider?: ProviderId | undefined }, options?: RequestOptions): ModelsReply
  /** One model. Throws ModelNotFoundError. */
  get(id: string, options?: RequestOptions): Reply<Model>
}

export function createModels(client: Client): Models {
  return {
    list: ({ provider } = {}, options = {}) =>
      new ModelsReply(client.open('GET', '/v1/models', provider === undefined ? options : { ...options, provider })),
    // Ids hold slashes, colons and what an URL gives a meaning of its own.
    get: (id, options) => client.ask<Model>('GET', `/v1/models/${encodeURIComponent(id)}`, options),
  }
}
