/** What every chat request may say, under OpenAI's names. Fields that are not named here are sent as they are. */
export interface ChatFields {
  /** `provider/model`, a bare name, or several to ask one after the other. May stand in the client's `defaults`. */
  readonly model?: string | readonly string[]
  /** A text is one message of the user. */
  readonly messages: string | readonly Message[]
  readonly max_tokens?: number
  readonly max_completion_tokens?: number
  readonly temperature?: number
  readonly top_p?: number
  readonly stop?: string | readonly string[]
  readonly seed?: number
  readonly tool_choice?: ToolChoice
  readonly parallel_tool_calls?: boolean
  readonly reasoning_effort?: string
  readonly user?: string
  readonly [field: string]: unknown
}

/** OpenAI's chat request. */
export interface ChatRequest extends ChatFields {
  readonly n?: number
  readonly tools?: readonly ToolDefinition[]
  readonly response_format?: ResponseFormat
}

export type Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage

export interface SystemMessage {
  readonly role: 'system' | 'developer'
  readonly content: string | readonly TextPart[]
  readonly [field: string]: unknown
}

export interface UserMessage {
  readonly role: 'user'
  readonly content: string | readonly ContentPart[]
  readonly [field: string]: unknown
}

export interface AssistantMessage {
  readonly role: 'assistant'
  readonly content?: string | readonly TextPart[] | null
  readonly tool_calls?: readonly ToolCall[]
  readonly [field: string]: unknown
}

/** What a tool answered. */
export interface ToolMessage {
  readonly role: 'tool'
  readonly tool_call_id: string
  readonly content: string | readonly TextPart[]
  readonly [field: string]: unknown
}

export interface TextPart {
  readonly type: 'text'
  readonly text: string
}

export type ContentPart =
  | TextPart
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string; readonly detail?: string } }
  | { readonly type: 'input_audio'; readonly input_audio: { readonly data: string; readonly format: string } }
  | { readonly type: 'file'; readonly file: Readonly<Record<string, unknown>> }

/** A model asks for a tool. */
export interface ToolCall {
  readonly id: string
  readonly type: 'function'
  /** `arguments` is JSON, as the model wrote it. */
  readonly function: { readonly name: string; readonly arguments: string }
}

export interface ToolDefinition {
  readonly type: 'function'
  readonly function: {
    readonly name: string
    readonly description?: string
    /** JSON Schema of the arguments. */
    readonly parameters?: Readonly<Record<string, unknown>>
    readonly strict?: boolean
  }
}

export type ToolChoice =
  | 'auto'
  | 'none'
  | 'required'
  | { readonly type: 'function'; readonly function: { readonly name: string } }

export type ResponseFormat =
  | { readonly type: 'text' | 'json_object' }
  | {
      readonly type: 'json_schema'
      readonly json_schema: {
        readonly name: string
        readonly schema: Readonly<Record<string, unknown>>
        readonly strict?: boolean
        readonly description?: string
      }
    }

export const messagesOf = ({ messages }: Pick<ChatRequest, 'messages'>): readonly Message[] =>
  typeof messages === 'string' ? [{ role: 'user', content: messages }] : messages
