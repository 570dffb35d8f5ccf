import type { Reader } from './readers.ts'
import { Unreadable } from './readers.ts'
import { masked, shown } from './redact.ts'
import { isSetting } from './setting.ts'
import type { Setting, SettingTable, ValuesOf } from './setting.ts'
import { givenFor } from './sources.ts'
import type { Given, Source } from './sources.ts'

/** What holds for a setting, and why. */
export interface EffectiveValue {
  readonly env: string
  /** As written; a secret is `***`, nothing is empty. */
  readonly text: string
  /** `default`, `default in development`, or the source's name with the alias that was used. */
  readonly source: string
}

/** Reads tables of settings and keeps what it finds on the way. */
interface ValueReader {
  read<Table extends SettingTable>(table: Table): ValuesOf<Table>
  readonly problems: readonly string[]
  readonly effective: readonly EffectiveValue[]
}

/** Docker's `--env-file` and lists in compose files leave them around a value, where they break it or, worse, do not. */
const QUOTED = /^(["']).*\1$/s

function tried<T>(read: Reader<T>, text: string): { readonly value: T } | { readonly problem: string } {
  if (QUOTED.test(text)) return { problem: 'must not be in quotes, which count as part of the value here' }
  try {
    return { value: read(text) }
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.message }
    throw error
  }
}

function defaultOf({ fallback, inDevelopment }: Setting, isDevelopment: boolean): string | null {
  return isDevelopment && inDevelopment !== undefined ? inDevelopment : fallback
}

function sourceOf(setting: Setting, given: Given | undefined, isDevelopment: boolean): string {
  if (given === undefined)
    return isDevelopment && setting.inDevelopment !== undefined ? 'default in development' : 'default'
  return given.name === setting.env ? given.source.name : `${given.source.name}, as ${given.name}`
}

function quote(setting: Setting, { name, text, source }: Given): string {
  return `${name}=${shown(text, setting.secret === true)}${source.name === 'environment' ? '' : ` in ${source.name}`}`
}

/** Two names of one setting may both be used as long as they say the same: `true` and `1` do. */
function contradiction(setting: Setting, [first, second]: readonly Given[]): string | null {
  if (first === undefined || second === undefined || first.text === second.text) return null
  const [a, b] = [tried(setting.read, first.text), tried(setting.read, second.text)]
  if ('value' in a && 'value' in b && a.value === b.value) return null
  return `${quote(setting, first)} and ${quote(setting, second)}: two names of one setting, expected one of them`
}

/** A reader of settings from `sources`. What is wrong is noted and replaced by the default, so that all is noted. */
export function valueReader(sources: readonly Source[], isDevelopment: boolean): ValueReader {
  const problems: string[] = []
  const effective: EffectiveValue[] = []

  const readOne = (setting: Setting): unknown => {
    const given = givenFor(setting, sources)
    const written = defaultOf(setting, isDevelopment)
    const text = given[0]?.text ?? written ?? setting.otherwise ?? ''
    effective.push({
      env: setting.env,
      text: setting.secret === true ? masked(text) : text,
      source: sourceOf(setting, given[0], isDevelopment),
    })
    const contradicted = contradiction(setting, given)
    if (contradicted !== null) problems.push(contradicted)
    for (const one of given) {
      const outcome = tried(setting.read, one.text)
      if ('value' in outcome) return outcome.value
      problems.push(`${quote(setting, one)}: ${outcome.problem}`)
    }
    return written === null ? null : setting.read(written)
  }

  const read = (table: SettingTable): unknown =>
    Object.fromEntries(
      Object.entries(table).map(([name, entry]) => [name, isSetting(entry) ? readOne(entry) : read(entry)]),
    )

  return {
    // Every row's own reader made its value, and rows stay where they are; the compiler cannot follow either.
    read: <Table extends SettingTable>(table: Table) => read(table) as ValuesOf<Table>,
    problems,
    effective,
  }
}
