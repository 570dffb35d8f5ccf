import type { JsonObject } from '../json.ts'

/** What stands behind an address, by its ending. Google wants to be told. */
const TYPES = new Map([
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['webp', 'image/webp'],
  ['gif', 'image/gif'],
  ['heic', 'image/heic'],
  ['pdf', 'application/pdf'],
  ['txt', 'text/plain'],
  ['mp3', 'audio/mp3'],
  ['wav', 'audio/wav'],
  ['mp4', 'video/mp4'],
  ['mov', 'video/mov'],
  ['webm', 'video/webm'],
])

/** The bytes of a data URL as `inlineData`, any other URL as `fileData`. `null`: it is neither. */
export function mediaAt(url: string): JsonObject | null {
  const [head = '', mimeType = ''] = /^data:([^;,]*)(?:;[^;,]*)*;base64,/.exec(url.slice(0, HEAD_LIMIT)) ?? []
  if (head !== '') return inline(mimeType, url.slice(head.length))
  if (!/^(https?|gs):\/\//.test(url)) return null
  const ending = /\.(\w+)(?:[?#]|$)/.exec(url.slice(url.lastIndexOf('/')))?.[1]?.toLowerCase() ?? ''
  const known = TYPES.get(ending)
  return { fileData: { fileUri: url, ...(known === undefined ? {} : { mimeType: known }) } }
}

export const inline = (mimeType: string, data: string): JsonObject => ({ inlineData: { mimeType, data } })

/** The data may be long; what stands before it is not. */
const HEAD_LIMIT = 512
