import { type JsonObject, objectsIn, parseObject, textOf } from '../json.ts'

/** Puts a message's stream together, as Anthropic's SDKs do: for tests. Throws where the order of events is wrong. */
export function accumulateMessage(events: readonly JsonObject[]): JsonObject {
  const content: Record<string, unknown>[] = []
  let message: JsonObject = {}
  let open = -1
  let json = ''
  let isStopped = false
  const expect = (isRight: boolean, what: unknown): void => {
    if (!isRight) throw new Error(`Out of order: ${JSON.stringify(what)}`)
  }
  for (const event of events) {
    const { type, index } = event
    const at = Number(index)
    expect(!isStopped, event)
    if (type === 'message_start') {
      expect(message['id'] === undefined, event)
      message = event['message'] as JsonObject // a test's own
    } else if (type === 'content_block_start') {
      expect(open === -1 && at === content.length, event)
      content.push({ ...(event['content_block'] as JsonObject) })
      open = at
      json = ''
    } else if (type === 'content_block_delta') {
      expect(open === at, event)
      json += apply(content[at] ?? {}, event['delta'] as JsonObject)
    } else if (type === 'content_block_stop') {
      expect(open === at, event)
      const block = content[at]
      if (block?.['type'] === 'tool_use' && json !== '') block['input'] = parseObject(json) ?? { arguments: json }
      open = -1
    } else if (type === 'message_delta') {
      expect(open === -1, event)
      message = { ...message, ...(event['delta'] as JsonObject), usage: mergedUsage(message, event) }
    } else if (type === 'message_stop') isStopped = true
  }
  expect(isStopped, 'no message_stop')
  return { ...message, content }
}

const mergedUsage = ({ usage: before }: JsonObject, { usage: after }: JsonObject): JsonObject => ({
  ...(before as JsonObject),
  ...(after as JsonObject),
})

/** Answers the piece of a call's arguments. */
function apply(block: Record<string, unknown>, delta: JsonObject): string {
  if (delta['type'] === 'text_delta') block['text'] = textOf(block['text']) + textOf(delta['text'])
  if (delta['type'] === 'thinking_delta') block['thinking'] = textOf(block['thinking']) + textOf(delta['thinking'])
  if (delta['type'] === 'signature_delta') block['signature'] = delta['signature']
  if (delta['type'] === 'citations_delta') block['citations'] = [...objectsIn(block['citations']), delta['citation']]
  return textOf(delta['partial_json'])
}
