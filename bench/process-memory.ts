import { processTree, readProc } from './process-tree.ts'

/** Resident memory of a process and all of its descendants, in bytes. */
export function residentBytes(pid: number): number {
  return processTree(pid).reduce((sum, each) => {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(`${each}/status`) ?? '')?.[1]
    return sum + Number(kibibytes ?? 0) * 1024
  }, 0)
}
