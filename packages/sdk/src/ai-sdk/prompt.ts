import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultOutput,
} from '@ai-sdk/provider'
import { UnsupportedFunctionalityError } from '@ai-sdk/provider'
import type { ContentPart, Message, ToolCall } from '../index.ts'
import { isObject, type JsonObject } from '../json.ts'

/** The AI SDK's prompt as OpenAI's messages. Throws UnsupportedFunctionalityError for parts that have no place there. */
export const messagesOf = (prompt: LanguageModelV4Prompt): Message[] => prompt.flatMap(messageOf)

function messageOf(message: LanguageModelV4Message): Message[] {
  switch (message.role) {
    case 'system':
      return [{ role: 'system', content: message.content }]
    case 'user':
      return [{ role: 'user', content: plain(message.content.map(partOf)) }]
    case 'assistant':
      return [assistantOf(message.content)]
    case 'tool':
      return message.content.flatMap((part) =>
        part.type === 'tool-result'
          ? [{ role: 'tool', tool_call_id: part.toolCallId, content: resultText(part.output) } as const]
          : [],
      )
  }
}

type UserPart = Extract<LanguageModelV4Message, { role: 'user' }>['content'][number]

function partOf(part: UserPart): ContentPart {
  return part.type === 'text' ? { type: 'text', text: part.text } : filePart(part)
}

/** Most providers know text alone as a plain string. */
function plain(parts: ContentPart[]): string | ContentPart[] {
  const [first] = parts
  return parts.length === 1 && first?.type === 'text' ? first.text : parts
}

type AssistantPart = Extract<LanguageModelV4Message, { role: 'assistant' }>['content'][number]

/** Thoughts come back as they were told, with what else an answer was marked with: see `marksOf`. */
function assistantOf(parts: readonly AssistantPart[]): Message {
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  const calls = parts.flatMap((part): ToolCall[] => {
    if (part.type !== 'tool-call') return []
    const { toolCallId: id, toolName: name, input } = part
    return [{ id, type: 'function', function: { name, arguments: inputText(input) }, ...keptIn(part, 'call') }]
  })
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...Object.assign({}, ...parts.map((part) => keptIn(part, 'message'))),
  }
}

function keptIn({ providerOptions }: AssistantPart, name: 'call' | 'message'): JsonObject {
  const kept = providerOptions?.['gateway']?.[name]
  return isObject(kept) ? kept : {}
}

const inputText = (input: unknown) => (typeof input === 'string' ? input : JSON.stringify(input))

function resultText(output: LanguageModelV4ToolResultOutput): string {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return output.value
    case 'execution-denied':
      return output.reason ?? 'The user did not allow this call.'
    case 'json':
    case 'error-json':
    case 'content':
      return JSON.stringify(output.value)
  }
}

function filePart({ data, mediaType, filename = 'file' }: LanguageModelV4FilePart): ContentPart {
  if (data.type === 'text') return { type: 'text', text: data.text }
  if (data.type === 'reference')
    throw new UnsupportedFunctionalityError({ functionality: 'references to uploaded files' })
  const isImage = mediaType === 'image' || mediaType.startsWith('image/')
  // Where the kind of image is open, the providers look at the bytes anyway.
  const type = mediaType === 'image' || mediaType === 'image/*' ? 'image/png' : mediaType
  const url = data.type === 'url' ? data.url.href : `data:${type};base64,${base64(data.data)}`
  if (isImage) return { type: 'image_url', image_url: { url } }
  if (data.type === 'url') throw new UnsupportedFunctionalityError({ functionality: `${mediaType} by URL` })
  const format = audioFormats[mediaType]
  if (format !== undefined) return { type: 'input_audio', input_audio: { data: base64(data.data), format } }
  return { type: 'file', file: { filename, file_data: url } }
}

const audioFormats: Readonly<Record<string, string>> = {
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
}

function base64(data: Uint8Array | string): string {
  if (typeof data === 'string') return data
  let binary = ''
  for (const byte of data) binary += String.fromCharCode(byte)
  return btoa(binary)
}
