import { nearest } from './nearest.ts'
import { Unreadable } from './readers.ts'
import type { Reader } from './readers.ts'

/** Keys and indexes that lead to a value in a document: `['providers', 0, 'auth']`. */
export type Path = readonly (string | number)[]

/** Notes what is wrong with the value at `path`, or with the last key of `path` itself. */
export type Report = (path: Path, message: string, part?: 'value' | 'key') => void

/** Checks parsed data and returns it typed; `undefined` after it has reported what is wrong. */
export type Shape<T> = (value: unknown, path: Path, report: Report) => T | undefined

/** A key of a map, with what the docs say of it. */
export interface Field<T = unknown> {
  readonly shape: Shape<T>
  readonly required?: true
  readonly about: string
}

/** What a table of fields is read into. */
type FieldValues<Fields> = {
  readonly [Name in keyof Fields]: Fields[Name] extends { readonly shape: Shape<infer T> }
    ? T | (Fields[Name] extends { readonly required: true } ? never : undefined)
    : never
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reports, and stands for the value that could not be read. */
function refuse(expected: string, path: Path, report: Report): undefined {
  report(path, `expected ${expected}`)
}

/** Text that matches. What was given is not shown: it may be a credential. */
export function textLike(pattern: RegExp, expected: string): Shape<string> {
  return (value, path, report) =>
    typeof value === 'string' && pattern.test(value) ? value : refuse(expected, path, report)
}

/**
 * Text that a setting's reader takes, or a number that YAML made of it. What is neither cannot be such a value, as nothing
 * cannot: the reader says what it wants instead.
 */
export function textReadBy<T>(read: Reader<T>): Shape<T> {
  return (value, path, report) => {
    try {
      return read(typeof value === 'string' || typeof value === 'number' ? String(value) : '')
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      report(path, error.message)
      return undefined
    }
  }
}

export const flag: Shape<boolean> = (value, path, report) =>
  typeof value === 'boolean' ? value : refuse('true or false', path, report)

/** A list, `of` something; entries that are wrong are reported and left out. */
export function listOf<T>(of: string, shape: Shape<T>): Shape<readonly T[]> {
  return (value, path, report) => {
    if (!Array.isArray(value)) return refuse(`a list of ${of}`, path, report)
    return value.flatMap((entry: unknown, index) => shape(entry, [...path, index], report) ?? [])
  }
}

/** A map, `of` something, with keys of the user's choice, each of which `key` has to accept. */
export function mapOf<T>(of: string, key: Shape<string>, shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value, path, report) => {
    if (!isMap(value)) return refuse(`a map of ${of}`, path, report)
    const entries = Object.entries(value).flatMap(([name, entry]) => {
      const at = [...path, name]
      const accepted = key(name, at, (path, message) => report(path, message, 'key'))
      const read = shape(entry, at, report)
      return accepted === undefined || read === undefined ? [] : [[name, read] as const]
    })
    return Object.fromEntries(entries)
  }
}

/** What to write instead of a key that people expect, by that key. */
export type Instead = Readonly<Record<string, string>>

interface Keys {
  readonly known: readonly string[]
  readonly instead: Instead
}

function reportUnknownKeys(value: object, { known, instead }: Keys, path: Path, report: Report): void {
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    const better = Object.hasOwn(instead, name) ? instead[name] : undefined
    if (better !== undefined) {
      report([...path, name], `unknown key ${name}; ${better}`, 'key')
      continue
    }
    const meant = nearest(name, known)
    const hint = meant === null ? `expected ${known.join(', ')}` : `did you mean ${meant}?`
    report([...path, name], `unknown key ${name}; ${hint}`, 'key')
  }
}

/** A map with these keys and no others. A key with nothing behind it counts as left out. */
export function mapWith<Fields extends Readonly<Record<string, Field>>>(
  fields: Fields,
  instead: Instead = {},
): Shape<FieldValues<Fields>> {
  const known = Object.keys(fields)
  return (value, path, report) => {
    if (!isMap(value)) return refuse(`a map with ${known.join(', ')}`, path, report)
    reportUnknownKeys(value, { known, instead }, path, report)
    const read: Record<string, unknown> = {}
    let isComplete = true
    for (const [name, { shape, required }] of Object.entries(fields)) {
      const given = Object.hasOwn(value, name) ? value[name] : undefined
      if (given !== undefined && given !== null) read[name] = shape(given, [...path, name], report)
      else if (required) report(path, `${name} is missing`)
      if (required && read[name] === undefined) isComplete = false
    }
    // Each part was made by its field's own shape; the compiler cannot follow the names.
    return isComplete ? (read as FieldValues<Fields>) : undefined
  }
}
