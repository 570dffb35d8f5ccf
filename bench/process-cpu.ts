import { execFileSync } from 'node:child_process'
import { processStat, processTree } from './process-tree.ts'

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/**
 * CPU time that a process, all of its threads and all of its descendants have used so far, in microseconds. The kernel
 * tells it in ticks of 10 ms, so an interval worth trusting to 2 % holds half a second of it.
 */
export function cpuMicroseconds(pid: number): number {
  const ticks = processTree(pid).reduce((sum, each) => sum + (processStat(each)?.cpuTicks ?? 0), 0)
  return (ticks / ticksPerSecond) * 1_000_000
}
