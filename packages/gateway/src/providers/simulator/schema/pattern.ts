/** Longer texts, and patterns that long, are given up: whoever writes them does not need an example. */
const MAX_TEXT = 1000
const MAX_PATTERN = 500

/** A part of a pattern: characters or a group, and how often it stands there. */
interface Part {
  readonly content: string | readonly Part[]
  readonly least: number
  readonly most: number
}

/** Thrown inside this file only: the pattern uses what is not understood here. */
class Unsupported extends Error {}

/**
 * A text that matches a regular expression, at least `minLength` long where the pattern leaves room for it. Understands
 * literals, classes, groups, alternatives (it takes the first) and quantifiers; for anything else it gives `null`. The
 * pattern is the client's, so it is read here and not run: a regular expression can be written to run for ever.
 */
export function patternText(pattern: string, minLength: number): string | null {
  if (pattern.length > MAX_PATTERN || minLength > MAX_TEXT) return null
  try {
    const parts = parse(pattern)
    let text = written(parts, 0)
    for (let extra = 1; text.length < minLength && extra <= minLength; extra++) text = written(parts, extra)
    return text
  } catch (error) {
    if (error instanceof Unsupported || error instanceof SyntaxError) return null
    throw error
  }
}

/** `extra`: how many more than the least of everything that may repeat. */
function written(parts: readonly Part[], extra: number): string {
  let text = ''
  for (const { content, least, most } of parts) {
    const once = typeof content === 'string' ? content : written(content, extra)
    const times = Math.min(most, least + extra)
    if (text.length + once.length * times > MAX_TEXT) throw new Unsupported()
    text += once.repeat(times)
  }
  return text
}

function parse(pattern: string): readonly Part[] {
  const symbols = Array.from(pattern)
  let at = 0

  function group(): readonly Part[] {
    const parts: Part[] = []
    while (at < symbols.length && symbols[at] !== ')' && symbols[at] !== '|') {
      const content = atom()
      parts.push({ content, ...quantifier() })
    }
    // The first alternative is as good as any; the others are only read past.
    if (symbols[at] === '|') {
      at++
      group()
    }
    return parts
  }

  function atom(): string | readonly Part[] {
    const symbol = symbols[at++] ?? ''
    if (symbol === '^' || symbol === '$') return ''
    if (symbol === '.') return 'a'
    if (symbol === '\\') return escaped(symbols[at++] ?? '')
    if (symbol === '[') return classMember()
    if (symbol !== '(') return symbol
    const opening = /^\?(?::|<[A-Za-z]\w*>)/.exec(symbols.slice(at).join(''))?.[0] ?? ''
    at += opening.length
    if (opening === '' && symbols[at] === '?') throw new Unsupported() // looks ahead or behind
    const parts = group()
    at++ // the closing bracket
    return parts
  }

  function classMember(): string {
    const end = closingBracket(symbols, at)
    const members = symbols.slice(at, end)
    at = end + 1
    return members[0] === '^' ? outsider(members.slice(1).join('')) : insider(members)
  }

  function quantifier(): { readonly least: number; readonly most: number } {
    const found = /^(?:[*+?]|\{(\d{1,4})(,?)(\d{0,4})\})/.exec(symbols.slice(at, at + 12).join(''))
    if (found === null) return { least: 1, most: 1 }
    const [sign, low = '', comma = '', high = ''] = found
    at += sign.length
    if (symbols[at] === '?') at++ // lazy or not, the text is the same
    if (sign === '*') return { least: 0, most: Infinity }
    if (sign === '+') return { least: 1, most: Infinity }
    if (sign === '?') return { least: 0, most: 1 }
    return { least: Number(low), most: comma === '' ? Number(low) : high === '' ? Infinity : Number(high) }
  }

  const parts = group()
  if (at < symbols.length) throw new Unsupported() // a closing bracket too many
  return parts
}

const ESCAPES: Readonly<Record<string, string>> = {
  d: '1',
  w: 'a',
  s: ' ',
  D: 'a',
  W: '-',
  S: 'a',
  b: '',
  n: '\n',
  t: '\t',
  r: '\r',
}

function escaped(symbol: string): string {
  if (Object.hasOwn(ESCAPES, symbol)) return ESCAPES[symbol] ?? ''
  if (/[\p{L}\p{N}]/u.test(symbol)) throw new Unsupported() // \p{…}, \1, \u…: rare, and long to explain
  return symbol
}

function closingBracket(symbols: readonly string[], from: number): number {
  for (let at = from; at < symbols.length; at++) {
    if (symbols[at] === '\\') at++
    else if (symbols[at] === ']') return at
  }
  throw new Unsupported()
}

function insider([first, second]: readonly string[]): string {
  if (first === undefined) throw new Unsupported()
  return first === '\\' ? escaped(second ?? '') : first
}

/** A character that is not in a negated class. One class on one character cannot run long, so this one is run. */
function outsider(members: string): string {
  const excluded = new RegExp(`[${members}]`)
  const free = ['a', 'A', '1', '-', '_', ' ', 'é'].find((candidate) => !excluded.test(candidate))
  if (free === undefined) throw new Unsupported()
  return free
}
