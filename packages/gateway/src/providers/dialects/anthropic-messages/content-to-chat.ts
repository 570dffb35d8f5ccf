import { isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import type { Losses } from '../losses.ts'

/** A content part of a chat message. */
export type ChatPart = JsonObject

const TEXT_MEMBERS = new Set(['type', 'text', 'cache_control'])
const IMAGE_MEMBERS = new Set(['type', 'source', 'cache_control'])
const RESULT_MEMBERS = new Set(['type', 'title', 'source', 'content', 'cache_control'])
const COMPACTION_MEMBERS = new Set(['type', 'content', 'cache_control'])
const DOCUMENT_MEMBERS = new Set(['type', 'source', 'title', 'cache_control'])

export interface PartOptions {
  readonly losses: Losses
  /** Whether the provider knows Anthropic's cache marks on OpenAI's content parts. */
  readonly keepsCacheControl: boolean
}

/** What a content block becomes in a chat message; empty when chat has nothing like it. */
export function partsOf(block: JsonObject, options: PartOptions): readonly ChatPart[] {
  const parts = plainPartsOf(block, options.losses)
  const mark = block['cache_control'] ?? null
  if (mark === null) return parts
  if (!options.keepsCacheControl) options.losses.add('cache_control')
  const last = parts.at(-1)
  return options.keepsCacheControl && last !== undefined
    ? [...parts.slice(0, -1), { ...last, cache_control: mark }]
    : parts
}

function plainPartsOf(block: JsonObject, losses: Losses): readonly ChatPart[] {
  switch (block['type']) {
    case 'text':
      losses.addUnknown(block, TEXT_MEMBERS, 'messages.text')
      return textPart(textOf(block['text']))
    case 'image':
      losses.addUnknown(block, IMAGE_MEMBERS, 'messages.image')
      return imagePart(block['source'], losses)
    case 'document':
      losses.addUnknown(block, DOCUMENT_MEMBERS, 'messages.document')
      return documentParts(block, losses)
    case 'search_result':
      losses.addUnknown(block, RESULT_MEMBERS, 'messages.search_result')
      return textPart([block['title'], block['source'], ...textsOf(block['content'])].map(textOf).join('\n'))
    case 'compaction':
      // What all before has been summed up to, in plain words.
      losses.addUnknown(block, COMPACTION_MEMBERS, 'messages.compaction')
      return textPart(textOf(block['content']))
    default:
      losses.add(`messages.${textOf(block['type']) || 'content'}`)
      return []
  }
}

/** Empty texts are refused by some providers, and say nothing. */
const textPart = (text: string): readonly ChatPart[] => (text === '' ? [] : [{ type: 'text', text }])

function imagePart(source: unknown, losses: Losses): readonly ChatPart[] {
  const url = isObject(source) ? urlOf(source) : null
  if (url !== null) return [{ type: 'image_url', image_url: { url } }]
  losses.add('messages.image')
  return []
}

/** What a source holds, as a URL; `null` when it stands in a store of Anthropic's. */
function urlOf({ type, url, media_type: mediaType, data }: JsonObject): string | null {
  if (type === 'url' && typeof url === 'string') return url
  return type === 'base64' && typeof data === 'string' ? `data:${textOf(mediaType)};base64,${data}` : null
}

function documentParts({ source, title }: JsonObject, losses: Losses): readonly ChatPart[] {
  const name = textOf(title)
  if (isObject(source)) {
    const heading = name === '' ? '' : `${name}\n\n`
    if (source['type'] === 'text') return textPart(heading + textOf(source['data']))
    if (source['type'] === 'content') {
      const content = source['content']
      if (typeof content === 'string') return textPart(heading + content)
      return [...textPart(name), ...objectsIn(content).flatMap((block) => plainPartsOf(block, losses))]
    }
    // Chat takes files along, but fetches none.
    const data = source['type'] === 'base64' ? urlOf(source) : null
    if (data !== null) return [{ type: 'file', file: { filename: name || 'document.pdf', file_data: data } }]
  }
  losses.add('messages.document')
  return []
}

const textsOf = (content: unknown): readonly string[] => objectsIn(content).map(({ text }) => textOf(text))

/** Parts as the content of a message: where they are only text, as text, which every provider takes. */
export function contentOf(parts: readonly ChatPart[]): string | readonly ChatPart[] {
  const isPlain = parts.every(({ type, cache_control: mark }) => type === 'text' && mark === undefined)
  return isPlain ? parts.map(({ text }) => textOf(text)).join('\n\n') : parts
}
