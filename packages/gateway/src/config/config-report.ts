import type { EffectiveValue } from './read-table.ts'

/** The text of `--print-config`: a line for each setting with its value and its source. */
export function configReport(effective: readonly EffectiveValue[]): string {
  const width = (cells: readonly string[]): number => Math.max(0, ...cells.map((cell) => cell.length)) + 2
  const nameWidth = width(effective.map(({ env }) => env))
  const valueWidth = width(effective.map(({ text }) => text))
  return effective
    .map(({ env, text, source }) => `${env.padEnd(nameWidth)}${text.padEnd(valueWidth)}${source}\n`)
    .join('')
}
