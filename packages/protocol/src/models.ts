/** One model of the list at `/v1/models`: OpenAI's members, who serves it, and what its provider tells besides. */
export interface Model {
  readonly id: string
  readonly object: 'model'
  /** Unix seconds; 0 when the provider does not say. */
  readonly created: number
  readonly owned_by: string
  /** The provider's id. */
  readonly served_by: string
  /** Tokens, when the provider says. */
  readonly context_length?: number
  readonly name?: string
}

export interface ModelList {
  /** Set when the list was asked of one provider. */
  readonly provider?: string
  readonly object: 'list'
  readonly data: readonly Model[]
}
