import type { ChatChunk } from '@inference-gateway/protocol/chat'
import { isObject, type JsonObject } from '../json.ts'
import { type ResponseFacts, ResponseStream } from './stream-from-chat.ts'

/** A chat's answer, as the chunks of a stream, as a response: what its stream would have ended with. Never throws. */
export function responseFromChat(chunks: readonly ChatChunk[], facts: ResponseFacts): JsonObject {
  const stream = new ResponseStream(facts)
  for (const chunk of chunks) stream.chunk(chunk)
  const last = stream.end().at(-1)
  return isObject(last?.['response']) ? last['response'] : {}
}
