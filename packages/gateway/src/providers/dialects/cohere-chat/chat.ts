import type { ChatDialect } from '../chat-dialect.ts'
import { isObject } from '../json.ts'
import { completionFromAnswer } from './answer-to-chat.ts'
import { failureOf } from './ending.ts'
import { requestFromChat } from './request-from-chat.ts'
import { CohereStream } from './stream-to-chat.ts'
import { usageToChat } from './usage.ts'

/** Chat in Cohere's Chat v2. See https://docs.cohere.com/reference/chat. */
export const cohereChat: ChatDialect = {
  request(request, { model }) {
    const { body, dropped } = requestFromChat(request)
    return { body: { model, ...body }, dropped, added: [] }
  },
  isAnswer: ({ message }) => isObject(message),
  failureIn: failureOf,
  completion: completionFromAnswer,
  usage: ({ usage }) => usageToChat(usage) ?? {},
  stream: (facts) => new CohereStream(facts),
}
