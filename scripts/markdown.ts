import { wrap } from '../packages/gateway/src/config/help.ts'

const ORIGIN = '<!-- Printed by scripts/print-reference.ts. Change the table it is printed from, not this page. -->'

/** A name as code; nothing stays nothing. */
export const code = (text: string): string => (text === '' ? '' : `\`${text}\``)
const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
}

/** A page that says where it comes from. */
export function page(title: string, ...blocks: readonly string[]): string {
  return `${[`# ${title}`, ORIGIN, ...blocks].join('\n\n')}\n`
}

export function paragraph(...lines: readonly string[]): string {
  return wrap(lines.join(' '), 118).join('\n')
}
