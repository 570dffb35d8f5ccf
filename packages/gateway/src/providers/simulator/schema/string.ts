import { patternText } from './pattern.ts'
import type { FlatSchema } from './flatten.ts'

/** No bound of a schema makes a longer string than this. */
const MAX_LENGTH = 10_000

/** Formats of JSON Schema, and `url`, which people write for `uri`. Names and addresses are those kept for examples. */
const formats: Readonly<Record<string, (variant: number) => string>> = {
  date: (variant) => `2025-01-${day(variant)}`,
  'date-time': (variant) => `2025-01-${day(variant)}T12:00:00Z`,
  time: (variant) => `12:00:${digits(variant % 60, 2)}Z`,
  duration: (variant) => `P${1 + variant}D`,
  email: (variant) => `ada${variant || ''}@example.com`,
  'idn-email': (variant) => `ada${variant || ''}@example.com`,
  hostname: (variant) => `host${variant || ''}.example.com`,
  ipv4: (variant) => `192.0.2.${1 + (variant % 254)}`,
  ipv6: (variant) => `2001:db8::${1 + (variant % 9999)}`,
  uri: (variant) => `https://example.com/${variant || ''}`,
  url: (variant) => `https://example.com/${variant || ''}`,
  'uri-reference': (variant) => `/example/${variant || ''}`,
  uuid: (variant) => `00000000-0000-4000-8000-${digits(variant, 12)}`,
}

const digits = (value: number, width: number) => String(value).padStart(width, '0')
const day = (variant: number) => digits(1 + (variant % 28), 2)

/** A string for the property `name`: of the format or pattern asked for, otherwise words that own up to being made up. */
export function stringInstance(schema: FlatSchema, name: string, variant: number): string {
  const format = String(schema['format'])
  const formatted = Object.hasOwn(formats, format) ? formats[format] : undefined
  if (formatted !== undefined) return formatted(variant)
  const least = Math.min(length(schema['minLength'], 0), MAX_LENGTH)
  const most = length(schema['maxLength'], MAX_LENGTH)
  const { pattern } = schema
  const patterned = typeof pattern === 'string' ? patternText(pattern, least) : null
  return patterned ?? sized(words(name, variant), least, most)
}

function words(name: string, variant: number): string {
  const plain = name.replaceAll(/[^\p{L}\p{N}]+/gu, ' ').trim()
  return ['example', plain, variant === 0 ? '' : String(variant + 1)].filter((word) => word !== '').join(' ')
}

/** Too short is filled up, too long keeps its end: that is where variants differ. Lengths count code points. */
function sized(text: string, least: number, most: number): string {
  const points = Array.from(text)
  if (points.length > most) return most === 0 ? '' : points.slice(-most).join('')
  return 'x'.repeat(Math.max(0, least - points.length)) + text
}

const length = (value: unknown, otherwise: number) => (typeof value === 'number' && value >= 0 ? value : otherwise)
