import { nearest } from './nearest.ts'
import { alternatives } from './readers.ts'
import { namesOf } from './setting.ts'
import type { Setting } from './setting.ts'
import type { Source } from './sources.ts'

/** What others call it, and what is tried first. */
const USUAL_NAMES: ReadonlyMap<string, string> = new Map([
  ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  ['GOOGLE_GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  ['GOOGLE_GENERATIVE_AI_API_KEY', 'GOOGLE_API_KEY'],
  ['CLAUDE_API_KEY', 'ANTHROPIC_API_KEY'],
  ['CO_API_KEY', 'COHERE_API_KEY'],
  ['GROK_API_KEY', 'XAI_API_KEY'],
  ['KIMI_API_KEY', 'MOONSHOT_API_KEY'],
  ['NVIDIA_NIM_API_KEY', 'NVIDIA_API_KEY'],
  ['TOGETHERAI_API_KEY', 'TOGETHER_API_KEY'],
  ['ZHIPUAI_API_KEY', 'ZAI_API_KEY'],
  ['OIDC_AUDIENCE', 'OIDC_CLIENT_ID'],
  ['AUTH_OIDC_AUDIENCE', 'OIDC_CLIENT_ID'],
  ['OIDC_AUTHORITY', 'OIDC_ISSUER_URL'],
  ['ENABLE_METRICS', 'ENABLE_TELEMETRY'],
  ['METRICS_ENABLED', 'ENABLE_TELEMETRY'],
  ['ALLOWED_ORIGINS', 'CORS_ALLOWED_ORIGINS'],
  ['STRICT_MODE', 'STRICT'],
])

/** Variables of other programs, which mean something to them where all programs are started: hints in our own file only. */
const FOREIGN_NAMES: ReadonlyMap<string, string> = new Map([
  ['NODE_ENV', 'ENVIRONMENT'],
  ['HOST', 'SERVER_HOST'],
  ['OLLAMA_HOST', 'OLLAMA_API_URL'],
  ['MODEL_ID', 'MODEL_ID_FORMAT'],
])

/** Docker and our own clients read the same file, and OpenTelemetry's exporters get theirs from it. */
const SHARED_NAME = /^(COMPOSE|DOCKER|OTEL|INFERENCE_GATEWAY)_/

/** Words that are taken for each other, after `stem`. */
const SAME_WORD: Readonly<Record<string, string>> = {
  AUTHENTICATION: 'AUTH',
  AUTHORIZATION: 'AUTH',
  REQUIR: 'ENABL',
  USE: 'ENABL',
  ALLOWLIST: 'ALLOW',
  WHITELIST: 'ALLOW',
  BLOCK: 'DISALLOW',
  BLOCKLIST: 'DISALLOW',
  BLACKLIST: 'DISALLOW',
  DENY: 'DISALLOW',
  DENI: 'DISALLOW',
  DENYLIST: 'DISALLOW',
  TOKEN: 'KEY',
  BAS: 'URL',
  URI: 'URL',
  ENDPOINT: 'URL',
  FIL: 'PATH',
  CERTIFICAT: 'CERT',
  LOGGING: 'LOG',
}

/** `ENABLED` and `ENABLE` are one word, and so are `MODELS` and `MODEL`. */
const stem = (word: string): string => {
  const short = word.replace(/(E|ED|ES|S)$/, '')
  return SAME_WORD[word] ?? SAME_WORD[short] ?? short
}

const wordsOf = (name: string): readonly string[] => name.toUpperCase().split('_').map(stem)

/** What is left of a name when it is written as carelessly as can be. */
const letters = (name: string): string => name.replaceAll('_', '').toUpperCase()

/** A name that is read here. */
interface Known {
  readonly name: string
  readonly words: readonly string[]
}

/** More than these would be no hint. */
const MOST_HINTS = 4

/**
 * Settings with the same words in whatever order, or with some more: those with the fewest. Each has a name or two.
 * Elsewhere names such as AUTH_SECRET may be anybody's: there one word more is too many, unless the order is the same.
 */
function withSameWords(name: string, settings: readonly (readonly Known[])[], isOurs: boolean): readonly string[] {
  const words = wordsOf(name)
  if (new Set(words).size < 2) return []
  const isNear = (one: Known): boolean =>
    one.words.length <= words.length ||
    (one.words.length === words.length + 1 && one.words[0] === words[0] && isInOrder(words, one.words))
  const fits = (one: Known): boolean => words.every((word) => one.words.includes(word)) && (isOurs || isNear(one))
  const fitting = settings.flatMap((names) => names.find(fits) ?? [])
  const fewest = Math.min(...fitting.map((one) => one.words.length))
  const best = fitting.filter((one) => one.words.length === fewest).map((one) => one.name)
  return best.length > MOST_HINTS ? [] : best
}

/** Whether the words stand in that order among the others. */
function isInOrder(words: readonly string[], others: readonly string[]): boolean {
  return others.filter((word) => words.includes(word)).join() === words.join()
}

/** Words that are put behind a name to say how its value is given. Elsewhere, others make another name of it. */
const HOW_GIVEN = /_(FILE|MS|SECONDS)$/i

/** A known name and one word more. Proxies have more variables than those read here. */
function withOneWordMore(name: string, known: ReadonlySet<string>, isOurs: boolean): string | null {
  if (!isOurs && !HOW_GIVEN.test(name)) return null
  const shorter = name.slice(0, Math.max(0, name.lastIndexOf('_')))
  return known.has(shorter) && shorter.includes('_') && !/PROXY$/i.test(shorter) ? shorter : null
}

/** Where names of other programs are, and OpenTelemetry's, which differ by a word, only slips of the fingers are told. */
const SLIP = 2

type Guess = (name: string, isOurs: boolean) => readonly string[]

/** Tells what somebody may have meant by a name; nothing: it is not for us, as far as can be seen. */
function createGuess(rows: readonly Setting[]): Guess {
  const indexed = () => rows.map((row) => namesOf(row).map((name): Known => ({ name, words: wordsOf(name) })))
  let settings: ReturnType<typeof indexed> | null = null
  const known = new Set(rows.flatMap(namesOf))
  const byLetters = new Map([...known].map((name) => [letters(name), name]))
  const firstWords = new Set([...known].map((name) => name.split('_', 1)[0]))
  const firstStems = new Set([...firstWords].map((word = '') => stem(word)))
  return (name, isOurs) => {
    if (!isOurs && FOREIGN_NAMES.has(name)) return []
    const usual = USUAL_NAMES.get(name) ?? FOREIGN_NAMES.get(name) ?? byLetters.get(letters(name))
    if (usual !== undefined) return [usual]
    // Most variables of a machine end here: the start shall not wait for what follows.
    if (!isOurs && !wordsOf(name).some((word) => firstStems.has(word))) return []
    const isOtel = name.startsWith('OTEL_')
    const alike = isOtel ? [] : withSameWords(name, (settings ??= indexed()), isOurs)
    if (alike.length > 0) return alike
    const longer = withOneWordMore(name, known, isOurs)
    if (longer !== null) return [longer]
    if (!isOurs && !firstWords.has(name.split('_', 1)[0])) return []
    return [nearest(name, [...known], isOtel || !isOurs ? SLIP : undefined) ?? []].flat()
  }
}

/**
 * Whether a variable of the environment is likely meant for somebody else: Kubernetes tells of each service what its
 * name yields (`OPENAI_API_PORT=tcp://…`), and the addresses that clients read may well be this gateway's.
 */
const isForOthers = (name: string, text: string): boolean =>
  /^(tcp|udp):/.test(text) || /_(BASE_URL|API_BASE)$/.test(name)

/**
 * A sentence or two for each name that sets nothing but looks like ours, and one for all the others in our own file.
 * What others call it is no matter where ours is set, and neither is what only resembles it elsewhere.
 */
export function unknownNames(sources: readonly Source[], rows: readonly Setting[]): readonly string[] {
  const known = new Set(rows.flatMap(namesOf))
  const given = new Set(sources.flatMap(({ values }) => Object.keys(values).filter((name) => values[name]?.trim())))
  const guess = createGuess(rows)
  return sources.flatMap(({ name: source, values, isOurs = false }) => {
    const others: string[] = []
    const hints = Object.entries(values).flatMap(([name, value = '']) => {
      const text = value.trim()
      if (known.has(name) || text === '') return []
      if (name === 'NODE_TLS_REJECT_UNAUTHORIZED' && text === '0')
        return `${name} is not obeyed: certificates are always checked. CLIENT_TLS_CA_PATH adds authorities.`
      if (name === 'PORT') return given.has('SERVER_PORT') ? [] : 'PORT is not read here: SERVER_PORT sets the port.'
      const meant = guess(name, isOurs)
      if ((!isOurs || USUAL_NAMES.has(name)) && meant.every((one) => given.has(one))) return []
      if (meant.length === 0) {
        if (isOurs && !SHARED_NAME.test(name)) others.push(name)
        return []
      }
      if (!isOurs && isForOthers(name, text)) return []
      const where = isOurs ? ` in ${source}` : ''
      return `${name}${where} is not a setting and has no effect. Did you mean ${alternatives.format(meant)}?`
    })
    return others.length === 0
      ? hints
      : [...hints, `Names in ${source} that are no settings here: ${others.join(', ')}.`]
  })
}
