import { envPrefix } from './provider-settings.ts'
import type { KnownProvider } from './provider-settings.ts'
import { rowsOf } from './setting.ts'
import type { Setting } from './setting.ts'
import { settingGroups } from './settings.ts'

const WIDTH = 100
const INDENT = '  '
/** A longer term has a line to itself: one must not narrow the column of all. */
const WIDEST = 40

/** The flags of the command line. */
export const flags = {
  '--dev': 'Development defaults: loopback only, the simulator on, a pleasant log. npm start sets it.',
  '--help': 'Print this text.',
  '--version': 'Print the version.',
  '--print-config': 'Print every setting with its value and where it comes from. Secrets are masked.',
} as const

/** Breaks text at blanks into lines of at most `width` characters. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}

/** What a setting does, its default and its newer name, without markup. */
export function sentences({ about, alias, fallback, inDevelopment, otherwise, read }: Setting): string {
  const usually = fallback ?? otherwise ?? ''
  return [
    about.replaceAll('`', ''),
    // The kind of a setting of a few words names them.
    ...(read.kind.startsWith('`') ? [`One of: ${read.kind.replaceAll('`', '')}.`] : []),
    ...(usually === ''
      ? []
      : [`Default: ${usually}${inDevelopment === undefined ? '' : `; ${inDevelopment} in development`}.`]),
    ...(alias === undefined ? [] : [`Newer name: ${alias}.`]),
  ].join(' ')
}

type Definitions = readonly (readonly [term: string, meaning: string])[]

/** Two columns: terms, and what they mean beside them. */
function definitions(entries: Definitions, column: number): readonly string[] {
  return entries.flatMap(([term, meaning]) => {
    const isWide = term.length > WIDEST
    const lines = wrap(meaning, WIDTH - column)
    const beside = lines.map((line, index) => (index === 0 && !isWide ? INDENT + term : '').padEnd(column) + line)
    return isWide ? [INDENT + term, ...beside] : beside
  })
}

function section(title: string, entries: Definitions, column: number): readonly string[] {
  return ['', title, ...definitions(entries, column)]
}

const widest = (rows: readonly Setting[]): number =>
  Math.max(...rows.map(({ env }) => env.length).filter((length) => length <= WIDEST))

/** The text of `--help`, printed from the settings table; no line is longer than 100 columns. */
export function helpText(providers: readonly KnownProvider[]): string {
  const groups = settingGroups.map(({ title, settings }) => ({ title, rows: rowsOf(settings) }))
  const column = widest(groups.flatMap(({ rows }) => rows)) + 2 * INDENT.length
  const describe = (rows: readonly Setting[]): Definitions => rows.map((row) => [row.env, sentences(row)])
  const ids = providers.map(({ id }) => envPrefix(id)).join(', ')
  return [
    'Inference Gateway: one OpenAI-compatible API in front of every language-model provider.',
    '',
    `Usage: npm start -- [${Object.keys(flags).join(' | ')}]`,
    '',
    ...definitions(Object.entries(flags), column),
    '',
    'Settings are environment variables, or lines NAME=value of a file .env; an empty value is none.',
    ...groups.flatMap(({ title, rows }) => section(title, describe(rows), column)),
    ...section(
      'Providers',
      [
        ['<ID>_API_KEY', 'Key for a provider. Setting it switches the provider on.'],
        ['<ID>_API_URL', 'Base URL, where it is not the usual one.'],
        ['<ID>_RESPONSE_HEADER_TIMEOUT', 'CLIENT_RESPONSE_HEADER_TIMEOUT for this provider alone.'],
        ['<ID>_STREAM_IDLE_TIMEOUT', 'CLIENT_STREAM_IDLE_TIMEOUT for this provider alone.'],
        ['<ID>', `One of ${ids}, or one of your own in GATEWAY_CONFIG_PATH.`],
      ],
      column,
    ),
    '',
  ].join('\n')
}
