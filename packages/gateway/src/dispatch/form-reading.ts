import { GatewayError } from '../kernel/errors.ts'

/**
 * Throws model_not_allowed for a form in which not every reader finds the same fields. They differ in what they forgive,
 * such as folded lines, line feeds alone, a name in another encoding: what one of them overlooks, nobody has checked.
 */
export function requireOneReading(contentType: string, form: Uint8Array): void {
  if (hasOneReading(contentType, form)) return
  throw new GatewayError(
    'model_not_allowed',
    'The form is written so that readers may differ on the model it is for (ALLOWED_MODELS, DISALLOWED_MODELS). Write it ' +
      'as RFC 7578 has it: one boundary, lines that end in CRLF, one plain name for each part.',
    { param: 'model' },
  )
}

/** In front of the boundary or behind it, and of those in which a model's name is written as in ASCII. */
const CHARSET = /;\s*charset="?(?:utf-8|us-ascii|iso-8859-1)"?(?=\s*(?:;|$))/i

const CONTENT_TYPE =
  /^multipart\/form-data;\s*boundary=(?:"([\w'()+,./:=? -]{0,69}[\w'()+,./:=?-])"|([\w'()+,./:?-]{1,70}))\s*$/i

function hasOneReading(contentType: string, form: Uint8Array): boolean {
  const [, quoted, plain] = CONTENT_TYPE.exec(contentType.replace(CHARSET, '')) ?? []
  const boundary = quoted ?? plain
  if (boundary === undefined) return false
  // A character for each byte: what is looked at is ASCII.
  const [before, ...parts] = new TextDecoder('latin1').decode(form).split(`--${boundary}`)
  const end = parts.pop()
  return before === '' && end !== undefined && /^--(?:\r\n)*$/.test(end) && parts.every(isPlain)
}

const BLANK_LINE = '\r\n\r\n'
const LINE_END = '\r\n'

/** What stands between two delimiters, the ends of their lines included. */
function isPlain(part: string): boolean {
  const blank = part.indexOf(BLANK_LINE)
  const value = part.slice(blank + BLANK_LINE.length)
  if (blank < 1 || !part.startsWith(LINE_END) || !value.endsWith(LINE_END)) return false
  const lines = part.slice(LINE_END.length, blank).split(LINE_END)
  const [name, another] = lines.filter((line) => /^content-disposition/i.test(line)).map(nameIn)
  if (typeof name !== 'string' || another !== undefined || !lines.every(isPlainLine)) return false
  // A name that some take for another one, as `model[]`; and an encoding for all fields, which is a field itself.
  const isOdd = name === '_charset_' || (name !== 'model' && name.replaceAll(/[^a-z]/g, '') === 'model')
  return !isOdd && (name !== 'model' || /^[\x20-\x7e]*\r\n$/.test(value))
}

/** A whole line, with a value that is encoded in no way. */
const isPlainLine = (line: string): boolean =>
  /^[a-z-]+:[\t\x20-\x7e\x80-\uffff]*$/i.test(line) &&
  !/^content-transfer-encoding:(?!\s*(?:7bit|8bit|binary)$)/i.test(line) &&
  !/charset(?!="?(?:utf-8|us-ascii|iso-8859-1)"?$)/i.test(line)

/**
 * Quotes may be escaped in a file name that comes last: who ends it at the first of them finds nothing behind it that could
 * be a parameter.
 */
const DISPOSITION =
  /^content-disposition: ?form-data((?:; ?[a-z]+\*?=(?:"[^"\\]*"|[^\s";\\]+))+(?:; ?filename="(?:[^"\\;=]|\\["\\])*")?)$/i

/** The name of a part, in small letters; `null`: none, or more than one way to read it. */
function nameIn(line: string): string | null {
  const parameters = DISPOSITION.exec(line)?.[1] ?? ''
  const found = [...parameters.matchAll(/; ?([a-z]+\*?)=("[^"]*"|[^\s";]+)/gi)]
  const names = found.map(([, name = '']) => name.toLowerCase())
  const isKnown = names.every((name) => ['name', 'filename', 'filename*'].includes(name))
  const value = found[names.indexOf('name')]?.[2]?.replaceAll('"', '').toLowerCase()
  // Once at most, within the value of another one neither: not every reader minds quotes.
  const isOnce = new Set(names).size === names.length && line.match(/\bname\s*=/gi)?.length === 1
  return value === undefined || !isKnown || !isOnce || /[%=&]/.test(value) ? null : value
}
