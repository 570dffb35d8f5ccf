import { textAnswer, type Answer } from '../answer.ts'
import { talk } from './chat.ts'
import type { ChatRequest } from '../request.ts'
import { schemaInstance } from '../schema/instance.ts'

/** An instance of the schema that `response_format` asks for; a small object where it asks for none. */
export function jsonAnswer(request: ChatRequest): Answer {
  const format = request.responseFormat
  const value =
    format.kind === 'json_schema' ? schemaInstance(format.schema) : { simulated: true, answer: talk(request) }
  return textAnswer(JSON.stringify(value))
}
