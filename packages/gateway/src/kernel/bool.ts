const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])

/** What Go's strconv.ParseBool takes, as settings and headers are written; `null` for anything else. */
export function parseBool(text: string): boolean | null {
  if (TRUE.has(text)) return true
  return FALSE.has(text) ? false : null
}
