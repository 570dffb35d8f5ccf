// `npm run bench`: starts everything on loopback, measures, prints the report. Fails on any wrong answer, not on a
// missed target: a busy machine must not look like a defect.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort, startServer } from './child-server.ts'
import { LOAD_CORE, canPin, pinSelf } from './cores.ts'
import { startGateway } from './gateway.ts'
import { jsonChat, streamedChat } from './load.ts'
import { compare, latencies } from './measure.ts'
import { startNginx } from './nginx.ts'
import { residentBytes } from './process-memory.ts'
import { type Results, report } from './report.ts'

/** A round lasts long enough for some 50 of the kernel's 10 ms ticks of CPU time, except in a hurry. */
const full = { rounds: 7, roundMs: 2500, warmUpMs: 3000, latencyRequests: 3000 }
const quick = { rounds: 3, roundMs: 500, warmUpMs: 500, latencyRequests: 500 }

const { values: options } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'string' } } })

// Whatever the end, the servers and their files go with us.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

try {
  const results = await measure(options.quick ? quick : full)
  console.log(report(results))
  if (options.json) writeFileSync(options.json, JSON.stringify(results, null, 2))
  process.exit(0)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}

async function measure(schedule: typeof full): Promise<Results> {
  pinSelf(LOAD_CORE)
  const upstream = await startUpstream()
  const plain = await startNginx(upstream.port, folder, 'plain')
  const kept = await startNginx(upstream.port, folder, 'kept')
  const gateway = await startGateway(upstream.port, folder)
  const servers = { gateway, plain, kept }
  const comparisons = [
    { scenario: jsonChat, target: 3.0, rounds: await compare(servers, jsonChat, schedule) },
    { scenario: streamedChat, target: 1.6, rounds: await compare(servers, streamedChat, schedule) },
  ]
  const ports = {
    'direct to the provider': upstream.port,
    nginx: plain.port,
    'nginx, kept': kept.port,
    gateway: gateway.port,
  }
  return {
    machine: { cpu: cpus()[0]?.model ?? 'unknown CPU', cores: availableParallelism(), pinned: canPin },
    versions: { bun: Bun.version, nginx: Bun.spawnSync(['nginx', '-v']).stderr.toString().replace(/.*: /, '').trim() },
    comparisons,
    latencies: await latencies(ports, jsonChat, schedule.latencyRequests),
    gatewayResidentBytes: residentBytes(gateway.pid),
  }
}

async function startUpstream() {
  const port = freePort()
  const command = [process.execPath, join(import.meta.dir, 'upstream.ts'), String(port)]
  return startServer({ name: 'upstream', command, port, core: LOAD_CORE, readyPath: '/v1/models', folder })
}
