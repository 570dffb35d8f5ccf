import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ended = new AbortController()

/** Fires when this process ends, also when it is told to: the programs it has started end with it. */
export const ending: AbortSignal = ended.signal

process.on('exit', () => ended.abort())
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

/** Makes a folder that is gone when this process is. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'compat-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}
