import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import type { Path } from './shape.ts'

/** A parsed file, and where in it things stand. */
interface YamlDocument {
  /** The content as plain data; `null` for an empty file or a broken one. */
  readonly content: unknown
  /** Lines ready to be shown: `file:line:column: what is wrong`. */
  readonly problems: readonly string[]
  /** `file:line:column` of the value at `path`, or of its key; of the nearest thing around it if there is none. */
  readonly locate: (path: Path, part?: 'value' | 'key') => string
}

/** The offset of what `path` leads to. */
function offsetOf(document: Document.Parsed, path: Path, part: 'value' | 'key'): number {
  let node: unknown = document.contents
  let offset = document.contents?.range[0] ?? 0
  for (const [index, step] of path.entries()) {
    const collection = isAlias(node) ? node.resolve(document) : node
    if (isMap(collection)) {
      const pair = collection.items.find(({ key }) => isScalar(key) && key.value === step)
      const isKeyWanted = part === 'key' && index === path.length - 1
      node = isKeyWanted ? pair?.key : (pair?.value ?? pair?.key)
    } else {
      node = isSeq(collection) ? collection.items[Number(step)] : undefined
    }
    if (!isAlias(node) && !isMap(node) && !isSeq(node) && !isScalar(node)) return offset
    offset = node.range?.[0] ?? offset
  }
  return offset
}

/** Complaints that leave the document's structure sound, so that its content can be checked as well. */
const MINOR: ReadonlySet<string> = new Set(['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED'])
/** Aliases that expand to more than this are an attack or a mistake. */
const MAX_ALIASES = 100

/**
 * Parses YAML 1.2 with its core schema: no merge keys, no tags beyond the core's, keys are text and unique. All
 * problems are told at once, unless the structure is broken.
 */
export function parseYaml(text: string, file: string): YamlDocument {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false, // the pretty form quotes the line, which may hold a credential
    resolveKnownTags: false,
    stringKeys: true,
  })
  const at = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const locate = (path: Path, part: 'value' | 'key' = 'value'): string => at(offsetOf(document, path, part))

  // An unknown tag is but a warning to the parser, which then reads the value as if it were not there.
  const complaints = [...document.errors, ...document.warnings]
  const told = (some: typeof complaints) => some.map(({ pos, message }) => `${at(pos[0])}: ${message}`)
  const grave = complaints.filter(({ code }) => !MINOR.has(code))
  // Where the structure is broken, the first complaint is about the cause, and the others are about what follows from it.
  if (grave.length > 0) return { content: null, problems: told(grave.slice(0, 1)), locate }
  const problems = told(complaints)
  try {
    return { content: document.toJS({ maxAliasCount: MAX_ALIASES }), problems, locate }
  } catch (error) {
    // Aliases without an anchor, or too many of them.
    const reason = error instanceof Error ? error.message : String(error)
    return { content: null, problems: [...problems, `${file}: ${reason}`], locate }
  }
}
