import { isObject, type JsonObject, objectsIn, textOf } from '../json.ts'
import type { Losses } from '../losses.ts'
import { inline, mediaAt } from './media.ts'

/** A message's text or parts as Google's parts. Empty texts say nothing. */
export function partsFromContent(content: unknown, losses: Losses): readonly JsonObject[] {
  if (typeof content === 'string') return textPart(content)
  return objectsIn(content).flatMap((part) => {
    if ((part['cache_control'] ?? null) !== null) losses.add('cache_control')
    return partsFrom(part, losses)
  })
}

const textPart = (text: string): readonly JsonObject[] => (text === '' ? [] : [{ text }])

function partsFrom(part: JsonObject, losses: Losses): readonly JsonObject[] {
  const type = textOf(part['type'])
  if (type === 'text') return textPart(textOf(part['text']))
  if (type === 'refusal') return textPart(textOf(part['refusal']))
  const media = mediaFrom(type, part, losses)
  if (media !== null) return [media]
  losses.add(`messages.${type || 'content'}`)
  return []
}

function mediaFrom(type: string, part: JsonObject, losses: Losses): JsonObject | null {
  const member = part[type]
  if (type === 'image_url' || type === 'video_url') {
    const { url, detail = null } = isObject(member) ? member : { url: member }
    if (detail !== null && detail !== 'auto') losses.add('messages.image_url.detail')
    return mediaAt(textOf(url))
  }
  if (!isObject(member)) return null
  if (type === 'input_audio') return inline(`audio/${textOf(member['format'])}`, textOf(member['data']))
  // Google's file store names its files by their addresses.
  return type === 'file' ? mediaAt(textOf(member['file_data'] ?? member['file_id'])) : null
}
