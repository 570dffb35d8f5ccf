import { GatewayError } from '../kernel/errors.ts'
import { concatenate } from './patch.ts'

/** Where the value of a form's field stands, counted in bytes from the form's first. */
export interface FormValue {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Finds the values of one field in a form (multipart/form-data, RFC 7578) that comes in pieces. */
export interface FormScanner {
  push(bytes: Uint8Array): void
  /** Those found so far, whole ones only. */
  readonly values: readonly FormValue[]
}

/** Whether a body is called a form. */
export const saysForm = (contentType: string): boolean => /^\s*multipart\/form-data\b/i.test(contentType)

/** The boundary between a form's parts; `null` when the body is no form, or one that nobody can read. */
export function boundaryOf(contentType: string): string | null {
  if (!saysForm(contentType)) return null
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s";]{1,70}))/i.exec(contentType) ?? []
  return quoted ?? plain ?? null
}

/** More than any part's headers, and any model's name, ever take. What is longer is no form that anybody can read. */
const HEAD_LIMIT_BYTES = 16 * 1024

/** More than servers take by default (Go, Starlette); a million empty ones would fill a second. */
const PARTS_LIMIT = 1000

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const BLANK_LINE = encoder.encode('\r\n\r\n')

type Phase = 'content' | 'head' | 'value'

/** Holds no more than the piece it looks at and what of the last one may belong to it. Throws invalid_request. */
export function createFormScanner(boundary: string, field: string): FormScanner {
  const delimiter = encoder.encode(`--${boundary}`)
  const lineAndDelimiter = encoder.encode(`\r\n--${boundary}`)
  const values: FormValue[] = []
  let phase: Phase = 'content'
  let carry: Uint8Array = new Uint8Array(0)
  /** How many bytes came before `carry`. */
  let before = 0
  let delimiters = 0

  /** Reads on from `at`. Answers where the next look begins; `null`: not before more has come. */
  function step(bytes: Uint8Array, at: number): number | null {
    if (phase === 'content') {
      const found = indexOf(bytes, delimiter, at)
      if (found === -1) return null
      // The last one ends the form.
      if (++delimiters > PARTS_LIMIT + 1) throw unreadable(`more than ${PARTS_LIMIT} parts`)
      phase = 'head'
      return found + delimiter.length
    }
    if (phase === 'head') {
      const found = indexOf(bytes, BLANK_LINE, at)
      if (found === -1) return null
      phase = nameIn(decoder.decode(bytes.subarray(at, found))) === field ? 'value' : 'content'
      return found + BLANK_LINE.length
    }
    const end = indexOf(bytes, lineAndDelimiter, at)
    if (end === -1) return null
    values.push({ text: decoder.decode(bytes.subarray(at, end)), start: before + at, end: before + end })
    phase = 'content'
    return end
  }

  return {
    values,
    push(piece) {
      const bytes = carry.byteLength === 0 ? piece : concatenate([carry, piece])
      let at = 0
      for (let next = step(bytes, at); next !== null; next = step(bytes, at)) at = next
      const kept = phase === 'content' ? Math.max(at, bytes.byteLength - delimiter.length + 1) : at
      if (bytes.byteLength - kept > HEAD_LIMIT_BYTES)
        throw unreadable(`a part whose head or \`model\` is over ${HEAD_LIMIT_BYTES} bytes`)
      carry = bytes.slice(kept)
      before += kept
    },
  }
}

const unreadable = (what: string) => new GatewayError('invalid_request', `The form has ${what}.`)

/** The field's name in a part's head, as the most forgiving reader would read it. */
function nameIn(head: string): string | null {
  const found = /content-disposition[^\r\n]*[;\s]name\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;\s]+))/i.exec(head)
  return (found?.[1] ?? found?.[2])?.replaceAll('\\', '').toLowerCase() ?? null
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const [first = 0] = wanted
  for (let at = bytes.indexOf(first, from); at !== -1; at = bytes.indexOf(first, at + 1))
    if (isAt(bytes, wanted, at)) return at
  return -1
}

function isAt(bytes: Uint8Array, wanted: Uint8Array, at: number): boolean {
  for (let index = 1; index < wanted.length; index++) if (bytes[at + index] !== wanted[index]) return false
  return true
}
