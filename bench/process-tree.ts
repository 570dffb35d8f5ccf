import { readFileSync, readdirSync } from 'node:fs'

interface ProcessStat {
  readonly parent: number
  /** User and system time of all threads, also of those that have ended; in clock ticks. */
  readonly cpuTicks: number
}

/** Reads `/proc/<pid>/stat` (proc_pid_stat(5)); `null` when there is no such process. */
export function processStat(pid: number): ProcessStat | null {
  const stat = readProc(`${pid}/stat`)
  // The second field is the program's name in parentheses, and may hold both spaces and parentheses.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields ? { parent: Number(fields[1]), cpuTicks: Number(fields[11]) + Number(fields[12]) } : null
}

/** A file under `/proc`; `null` when its process has ended. */
export function readProc(path: string): string | null {
  try {
    return readFileSync(`/proc/${path}`, 'utf8')
  } catch {
    return null
  }
}

/** A process and everything it has started: nginx's workers, or the server behind a launcher script. */
export function processTree(root: number): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  const childrenOf = Map.groupBy(pids, (pid) => processStat(pid)?.parent ?? 0)
  const withDescendants = (pid: number): number[] => [pid, ...(childrenOf.get(pid) ?? []).flatMap(withDescendants)]
  return withDescendants(root)
}
