/** One model of the list at `/v1/models`: OpenAI's members, those of Anthropic and OpenRouter, and who serves it. */
export interface Model {
  readonly id: string
  readonly object: 'model'
  readonly type: 'model'
  /** Unix seconds; 0 when the provider does not say, and for a name of the gateway's own. */
  readonly created: number
  /** The same as a date. */
  readonly created_at: string
  readonly owned_by: string
  /** The provider's id. For a name of the gateway's own: of the one that most requests go to, as far as that is settled. */
  readonly served_by: string
  /** For a name of the gateway's own: the models it stands for, as `provider/model`. */
  readonly deployments?: readonly string[]
  /** For people; the id when the provider says nothing. */
  readonly name: string
  readonly display_name: string
  /** Tokens that fit into one request, answer included, when the provider says. */
  readonly context_length?: number
  /** Tokens one answer may have, when the provider says. */
  readonly max_output_tokens?: number
  readonly pricing: ModelPricing
}

/** US dollars for one token, as decimals in text. */
export interface ModelPricing {
  readonly prompt: string
  readonly completion: string
  /** A token of the prompt that the provider had in its cache; as `prompt` when left out. */
  readonly input_cache_read?: string
  readonly input_cache_write?: string
  /** `false`: nobody has said a price, and the others are `"0"`. */
  readonly known: boolean
}

export interface ModelList {
  /** Set when the list was asked of one provider. */
  readonly provider?: string
  readonly object: 'list'
  readonly data: readonly Model[]
  /** Whether models come behind these: ask for them with `after_id`. */
  readonly has_more: boolean
  readonly first_id: string | null
  readonly last_id: string | null
}
