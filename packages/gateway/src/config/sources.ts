import { namesOf } from './setting.ts'
import type { Setting } from './setting.ts'

/** Where settings come from: the environment, a `.env` file, what a start script presets. */
export interface Source {
  /** As `--print-config` and messages call it: `environment`, `.env`. */
  readonly name: string
  readonly values: Readonly<Record<string, string | undefined>>
  /** Nobody else reads it: what is no setting in it is a mistake. */
  readonly isOurs?: boolean
  /** What is wrong with the source itself. */
  readonly problems?: readonly string[]
  /** What works but is likely not meant. */
  readonly warnings?: readonly string[]
}

/** Something somebody wrote for a setting. */
export interface Given {
  /** The name it was written under: the setting's own or its alias. */
  readonly name: string
  readonly text: string
  readonly source: Source
}

/** The value of `name` in the first source that has it: a source hides what later ones say, even by an empty value. */
function find(sources: readonly Source[], name: string): Given | null {
  const source = sources.find(({ values }) => values[name] !== undefined)
  return source === undefined ? null : { name, text: (source.values[name] ?? '').trim(), source }
}

/**
 * What the strongest source that says anything says for a setting: one entry for each of its names used there. An
 * empty value counts as unset, because compose files pass `KEY=${KEY}` on for keys nobody has set.
 */
export function givenFor(setting: Setting, sources: readonly Source[]): readonly Given[] {
  const given = namesOf(setting).flatMap((name) => find(sources, name) ?? [])
  const written = given.filter(({ text }) => text !== '')
  const strongest = sources.find((source) => written.some((one) => one.source === source))
  return written.filter(({ source }) => source === strongest)
}

/** Whether a setting was set, but to nothing. */
export function isBlank(setting: Setting, sources: readonly Source[]): boolean {
  return namesOf(setting).some((name) => find(sources, name)?.text === '') && givenFor(setting, sources).length === 0
}
