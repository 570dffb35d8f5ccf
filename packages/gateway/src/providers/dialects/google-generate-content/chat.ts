import type { ChatDialect } from '../chat-dialect.ts'
import { isObject, objectsIn } from '../json.ts'
import { completionFromAnswer, failureIn } from './answer-to-chat.ts'
import { generatePath } from './path.ts'
import { requestFromChat } from './request-from-chat.ts'
import { AnswerStream } from './stream-to-chat.ts'
import { usageToChat } from './usage.ts'

/** Chat in Google's generateContent. The model stands in the path. */
export const googleGenerateContent: ChatDialect = {
  path: generatePath,
  request: (request, { model }) => requestFromChat(request, model),
  isAnswer: ({ candidates, promptFeedback }) => objectsIn(candidates).length > 0 || isObject(promptFeedback),
  failureIn,
  completion: completionFromAnswer,
  usage: ({ usageMetadata }) => usageToChat(usageMetadata) ?? {},
  stream: (facts) => new AnswerStream(facts),
}
