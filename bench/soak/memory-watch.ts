import type { ChildServer } from '../child-server.ts'
import { median } from '../statistics.ts'
import { residentMib } from './stage.ts'

/** Resident memory of a process over time, MiB, once a second. */
export interface MemoryWatch {
  readonly peakMib: number
  /** The median of a part of the time that has passed, given as shares of it, 0..1. */
  medianMib(from: number, to: number): number
  stop(): void
}

export function watchMemory(server: ChildServer): MemoryWatch {
  const samples = [residentMib(server)]
  const timer = setInterval(() => samples.push(residentMib(server)), 1000)
  return {
    get peakMib() {
      return Math.max(...samples)
    },
    medianMib: (from, to) => median(samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to))),
    stop: () => clearInterval(timer),
  }
}
