import { textAnswer, type Answer } from '../answer.ts'
import { lastUserText, type ChatRequest } from '../request.ts'

/** What the user said last, unchanged. */
export function echoAnswer(request: ChatRequest): Answer {
  return textAnswer(lastUserText(request))
}
