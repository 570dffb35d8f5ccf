import type { Scenario } from './load.ts'
import type { Round } from './measure.ts'
import { median, percentile } from './statistics.ts'

export interface Results {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly pinned: boolean }
  readonly versions: { readonly bun: string; readonly nginx: string }
  readonly comparisons: readonly {
    readonly scenario: Scenario
    /** The ratio to stay under. */
    readonly target: number
    readonly rounds: readonly Round[]
  }[]
  readonly latencies: readonly { readonly name: string; readonly waitsMs: readonly number[] }[]
  readonly gatewayResidentBytes: number
}

/** The results as Markdown, as the README shows them. */
export function report({ machine, versions, comparisons, latencies, gatewayResidentBytes }: Results): string {
  const pinning = machine.pinned ? 'load on one core, server on another' : 'NOT PINNED: no taskset, or a single core'
  return [
    `${machine.cpu}, ${machine.cores} cores, ${pinning}; Bun ${versions.bun}, ${versions.nginx}`,
    table(
      ['CPU time per', 'gateway µs', 'nginx µs', 'ratio', 'target', 'nginx kept µs', 'ratio'],
      comparisons.map(cpuRow),
    ),
    'Ratios are medians of the rounds, with their range. nginx: `proxy_pass` by its defaults; kept: tuned to keep its connections to the provider.',
    table(['one caller, JSON chat', 'p50 ms', 'p99 ms', 'added p50 ms'], latencyRows(latencies)),
    `Gateway memory at the end: ${Math.round(gatewayResidentBytes / 1024 ** 2)} MB resident.`,
  ].join('\n\n')
}

function cpuRow({ scenario, target, rounds }: Results['comparisons'][number]): string[] {
  const micros = (server: keyof Round) => rounds.map((round) => round[server].cpuMicrosecondsPerUnit)
  const toPlain = ratios(micros('gateway'), micros('plain'))
  return [
    `${scenario.unit}, ${scenario.name}, ${scenario.connections} connections`,
    median(micros('gateway')).toFixed(1),
    median(micros('plain')).toFixed(1),
    summed(toPlain),
    `≤ ${target.toFixed(1)}: ${median(toPlain) <= target ? 'met' : 'missed'}`,
    median(micros('kept')).toFixed(1),
    summed(ratios(micros('gateway'), micros('kept'))),
  ]
}

const ratios = (ours: readonly number[], theirs: readonly number[]): number[] =>
  ours.map((each, round) => each / (theirs[round] ?? Number.NaN))

const summed = (values: readonly number[]): string =>
  `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}..${Math.max(...values).toFixed(2)})`

/** The first one is the way without anything in between; the others add to it. */
function latencyRows(latencies: Results['latencies']): string[][] {
  const direct = percentile(latencies[0]?.waitsMs ?? [], 0.5)
  return latencies.map(({ name, waitsMs }) => {
    const p50 = percentile(waitsMs, 0.5)
    return [name, p50.toFixed(3), percentile(waitsMs, 0.99).toFixed(3), (p50 - direct).toFixed(3)]
  })
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const alignment = head.map((_, index) => (index === 0 ? '---' : '---:'))
  return [head, alignment, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
