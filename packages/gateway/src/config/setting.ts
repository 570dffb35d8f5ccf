import type { Reader } from './readers.ts'

/** One setting: a row of the table that the type, the loader, --help, .env.example and the docs are made from. */
export interface Setting<T = unknown> {
  /** The environment variable that sets it. */
  readonly env: string
  /** A newer name of the same setting. */
  readonly alias?: string
  readonly read: Reader<T>
  /** The default as somebody would write it; `null`: none. */
  readonly fallback: string | null
  /** What holds while it is unset, where somebody else decides that; shown as the default. */
  readonly otherwise?: string
  /** The default where it differs when ENVIRONMENT is development. */
  readonly inDevelopment?: string
  /** Its value is shown as `***`. */
  readonly secret?: true
  /** What it does and when one would set it, in a sentence or two. */
  readonly about: string
}

/** Settings by name, at most one level deep: `server.port`. */
export interface SettingTable {
  readonly [name: string]: Setting | SettingTable
}

/** A heading of the docs and what stands under it. */
export interface SettingGroup {
  readonly title: string
  readonly settings: SettingTable
}

/** The values a table of settings is read into; a setting without a default may be `null`. */
export type ValuesOf<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends { readonly read: Reader<infer T>; readonly fallback: infer F }
    ? T | (F extends null ? null : never)
    : ValuesOf<Table[Name]>
}

export function isSetting(entry: Setting | SettingTable): entry is Setting {
  return typeof entry['read'] === 'function'
}

/** Every row of a table, in its order. */
export function rowsOf(table: SettingTable): readonly Setting[] {
  return Object.values(table).flatMap((entry) => (isSetting(entry) ? [entry] : rowsOf(entry)))
}

/** Every name a setting answers to; the first is the one to use in messages. */
export function namesOf({ env, alias }: Setting): readonly string[] {
  return alias === undefined ? [env] : [env, alias]
}
