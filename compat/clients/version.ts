import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The version that is installed of one of compat's dependencies. */
export const versionOf = (dependency: string): string => versionIn(join(import.meta.dir, '../node_modules', dependency))

/** The version of the package in a folder. */
export function versionIn(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version // npm has written it
}
