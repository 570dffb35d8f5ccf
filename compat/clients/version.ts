import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The version that is installed of one of compat's dependencies. */
export function versionOf(dependency: string): string {
  const manifest = join(import.meta.dir, '../node_modules', dependency, 'package.json')
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version // npm has written it
}
