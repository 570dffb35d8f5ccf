import { expect, test } from 'bun:test'
import { cpuMicroseconds } from './process-cpu.ts'
import { processTree } from './process-tree.ts'

/** Keeps a process busy until it has used this much CPU time itself, says so, and stays. */
const busy = `
  while (process.cpuUsage().user + process.cpuUsage().system < 300_000);
  console.log('used')
  setInterval(() => {}, 1000)`

test('the CPU time of a launcher includes that of what it launched', async () => {
  const launcher = Bun.spawn(['sh', '-c', '"$0" -e "$1" & wait', process.execPath, busy], { stdout: 'pipe' })
  try {
    for await (const _ of launcher.stdout) break
    expect(cpuMicroseconds(launcher.pid)).toBeWithin(290_000, 1_000_000)
  } finally {
    for (const pid of processTree(launcher.pid)) process.kill(pid)
  }
})
