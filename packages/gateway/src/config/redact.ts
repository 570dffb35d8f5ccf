const MASK = '***'

/** A URL with a password, a query with a key, a key in the wrong variable: what may be secret in any text. */
const SUSPECTS: readonly (readonly [RegExp, string])[] = [
  [/^([a-z]+:\/\/)?.*@/is, `$1${MASK}@`],
  [/[?#].*$/s, `?${MASK}`],
  [/[\w-]{24,}/g, MASK],
]

/** What was given, fit for an error message: quoted, short, and without anything that may be a credential. */
export function shown(given: string, isSecret: boolean): string {
  if (isSecret) return MASK
  const safe = SUSPECTS.reduce((text, [suspect, replacement]) => text.replace(suspect, replacement), given)
  return JSON.stringify(safe.length > 80 ? `${safe.slice(0, 80)}…` : safe)
}

/** A secret's effective value in a report: masked when there is one. */
export function masked(value: string): string {
  return value === '' ? '' : MASK
}
