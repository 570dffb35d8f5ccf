import type { Source } from './sources.ts'

const LINE = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/
const SINGLE_QUOTED = /^'([^']*)'\s*(?:#.*)?$/
const DOUBLE_QUOTED = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

/** What stands right of `=`, or `null` when a quote is never closed or something follows it. */
function parseValue(raw: string): string | null {
  const single = SINGLE_QUOTED.exec(raw)?.[1]
  if (single !== undefined) return single
  const double = DOUBLE_QUOTED.exec(raw)?.[1]
  if (double !== undefined) return double.replace(/\\(.)/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped)
  if (/^['"]/.test(raw)) return null
  // A # in the middle of a word belongs to the word, as in a shell: keys and passwords may hold one.
  return raw.replace(/(^|\s)#.*$/, '').trimEnd()
}

/**
 * Reads a `.env` file: `NAME=value` lines, `export ` in front allowed, `#` comments, '…' taken literally, "…" with
 * \n, \t, \" and \\. A value ends with its line and `$NAME` is not expanded. The last of two equal names wins, with a
 * warning. A line that is none of this becomes a problem that shows its number only, since it may hold a key.
 */
export function parseEnvFile(text: string, name = '.env'): Source {
  const values: Record<string, string> = {}
  const lines = new Map<string, number>()
  const problems: string[] = []
  const warnings: string[] = []
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    const [, variable = '', raw = ''] = LINE.exec(line) ?? []
    const value = variable === '' ? null : parseValue(raw)
    if (value === null) {
      problems.push(`${name}:${index + 1}: expected NAME=value, with every quote closed`)
      continue
    }
    const earlier = lines.get(variable)
    if (earlier !== undefined)
      warnings.push(`${name}:${index + 1}: ${variable} stands in line ${earlier} already: this line counts.`)
    lines.set(variable, index + 1)
    values[variable] = value
  }
  return { name, values, isOurs: true, problems, warnings }
}
