import type { ChatDialectName } from '../provider.ts'
import { anthropicMessages } from './anthropic-messages/chat.ts'
import type { ChatDialect } from './chat-dialect.ts'
import { cohereChat } from './cohere-chat/chat.ts'
import { googleGenerateContent } from './google-generate-content/chat.ts'

/** Every dialect that providers are asked in for chat, besides OpenAI's own. */
export const chatDialects: Readonly<Record<ChatDialectName, ChatDialect>> = {
  'anthropic-messages': anthropicMessages,
  'cohere-chat': cohereChat,
  'google-generate-content': googleGenerateContent,
}
