import type { Model, ModelList } from '@inference-gateway/protocol/models'
import type { Client } from './client.ts'
import { Reply } from './http/reply.ts'
import { jsonOf } from './http/json-answer.ts'
import type { Sent } from './http/send.ts'
import type { ProviderId, RequestOptions } from './options.ts'

/** The models there are, to be awaited as a list or gone through one by one. */
export class ModelsReply extends Reply<ModelList> implements AsyncIterable<Model> {
  constructor(sent: Promise<Sent>) {
    super(sent, (answer) => jsonOf<ModelList>(answer))
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Model> {
    yield* (await this).data
  }
}

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
