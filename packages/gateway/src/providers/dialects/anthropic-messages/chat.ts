import type { ChatDialect } from '../chat-dialect.ts'
import { isObject } from '../json.ts'
import { completionFromMessage } from './answer-to-chat.ts'
import { requestFromChat } from './request-from-chat.ts'
import { ChatStream } from './stream-to-chat.ts'
import { usageToChat } from './usage.ts'

/** Where neither the client nor the provider's model list says how long an answer may be: Anthropic wants a limit. */
const USUAL_MAX_TOKENS = 4096

/** Chat in Anthropic's Messages. */
export const anthropicMessages: ChatDialect = {
  request(request, { model, maxOutputTokens }) {
    const { body, dropped } = requestFromChat(request, { model, maxTokens: maxOutputTokens ?? USUAL_MAX_TOKENS })
    const isLimited = (request['max_completion_tokens'] ?? request['max_tokens'] ?? null) !== null
    return { body: { model, ...body }, dropped, added: isLimited ? [] : ['max_tokens'] }
  },
  isAnswer: (message) => Array.isArray(message['content']),
  completion: (message, { created }) => completionFromMessage(message, created),
  usage: (message) => (isObject(message['usage']) ? usageToChat(message['usage']) : {}),
  stream: ({ created }) => new ChatStream(created),
}
