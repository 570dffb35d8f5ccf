import type { Client } from './client.ts'
import type { Reply } from './http/reply.ts'
import type { RequestOptions } from './options.ts'

/** OpenAI's embeddings request. Fields that are not named here are sent as they are. */
export interface EmbeddingsRequest {
  readonly model: string
  readonly input: string | readonly string[] | readonly number[] | readonly (readonly number[])[]
  readonly dimensions?: number
  readonly [field: string]: unknown
}

/** A vector for every text, in the order of the texts. */
export interface EmbeddingList {
  readonly object: 'list'
  readonly model: string
  readonly data: readonly {
    readonly object: 'embedding'
    readonly index: number
    readonly embedding: readonly number[]
  }[]
  readonly usage?: { readonly prompt_tokens: number; readonly total_tokens: number }
}

/** Turns texts into vectors, in their order. */
export type Embeddings = (request: EmbeddingsRequest, options?: RequestOptions) => Reply<EmbeddingList>

export const createEmbeddings =
  (client: Client): Embeddings =>
  (request, options) =>
    client.ask<EmbeddingList>('POST', '/v1/embeddings', options, { encoding_format: 'float', ...request })
