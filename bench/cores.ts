import { availableParallelism } from 'node:os'

/** Load generator and provider share the first core; the server that is measured has the second for itself. */
export const LOAD_CORE = 0
export const SERVER_CORE = 1

export const canPin = Bun.which('taskset') !== null && availableParallelism() > 1

/** The command, bound to a core where the machine allows it. taskset replaces itself, so the pid stays the command's. */
export function pinned(core: number, command: readonly string[]): string[] {
  return canPin ? ['taskset', '--cpu-list', String(core), ...command] : [...command]
}

/** Binds this process with all its threads. */
export function pinSelf(core: number): void {
  if (canPin) Bun.spawnSync(['taskset', '--all-tasks', '--cpu-list', '--pid', String(core), String(process.pid)])
}
