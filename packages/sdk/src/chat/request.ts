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

/** One message of a conversation; fields that are not named here are sent as they are. */
export type Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage

/** What the model shall be and do. */
export interface SystemMessage {
  readonly role: 'system' | 'developer'
  readonly content: string | readonly TextPart[]
  readonly [field: string]: unknown
}

/** What the user says. */
export interface UserMessage {
  readonly role: 'user'
  readonly content: string | readonly ContentPart[]
  readonly [field: string]: unknown
}

/** What the model said before. */
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

/** A piece of text. */
export interface TextPart {
  readonly type: 'text'
  readonly text: string
}

/** A piece of what the user says: text, a picture by URL or `data:`, sound, or a file. */
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

/** A tool as the model is told of it. `tool()` of `@inference-gateway/sdk/tools` makes it out of a schema. */
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

/** Whether tools may or have to be called, or which one. */
export type ToolChoice =
  | 'auto'
  | 'none'
  | 'required'
  | { readonly type: 'function'; readonly function: { readonly name: string } }

/** The form an answer shall have. `gw.chat.parse` makes it out of a schema. */
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
