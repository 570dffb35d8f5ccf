/** One line of the result. */
export interface Check {
  readonly what: string
  /** What has to hold, in words; `null`: told for information. */
  readonly bar: string | null
  readonly result: string
  readonly isMet: boolean
  /** A busy machine misses such a bar without any fault in the gateway: it does not fail the run. */
  readonly isAboutTime: boolean
}

/** A number that must not be above the bar. */
export function atMost(what: string, bar: number, result: number, unit: string): Check {
  return {
    what,
    bar: `≤ ${rounded(bar)} ${unit}`,
    result: `${rounded(result)} ${unit}`,
    isMet: result <= bar,
    isAboutTime: false,
  }
}

/** A time that must not be above the bar; `null`: it never came about. */
export function withinMs(what: string, barMs: number, resultMs: number | null): Check {
  const result = resultMs === null ? 'never' : `${rounded(resultMs)} ms`
  return {
    what,
    bar: `≤ ${barMs} ms`,
    result,
    isMet: resultMs !== null && resultMs <= barMs,
    isAboutTime: resultMs !== null,
  }
}

/** A count that has to be this one. `example` says for people what one of the surplus is. */
export function exactly(what: string, bar: number, result: number, example: string | null = null): Check {
  const told = example === null || result === bar ? '' : `: ${example.replaceAll(/\s+/g, ' ').slice(0, 200)}`
  return { what, bar: String(bar), result: `${result}${told}`, isMet: result === bar, isAboutTime: false }
}

/** Said without a bar. */
export const told = (what: string, result: string): Check => ({
  what,
  bar: null,
  result,
  isMet: true,
  isAboutTime: false,
})

const rounded = (value: number): string => value.toFixed(value < 10 && !Number.isInteger(value) ? 1 : 0)

/** What a scenario found. */
export interface Finding {
  readonly name: string
  readonly checks: readonly Check[]
}

/** Everything as one Markdown table. */
export function table(findings: readonly Finding[]): string {
  const rows = findings.flatMap(({ name, checks }) =>
    checks.map((check, index) => [index === 0 ? name : '', check.what, check.bar ?? '–', check.result, verdict(check)]),
  )
  const head = ['scenario', 'measure', 'bar', 'result', '']
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function verdict({ bar, isMet, isAboutTime }: Check): string {
  if (bar === null) return ''
  if (isMet) return 'met'
  return isAboutTime ? 'missed (time)' : '**MISSED**'
}

/** Whether nothing is wrong but, perhaps, how long it took. */
export const isSound = (findings: readonly Finding[]): boolean =>
  findings.every(({ checks }) => checks.every(({ isMet, isAboutTime }) => isMet || isAboutTime))
