// `npm run bench`: starts everything on loopback, measures, prints the report. Fails on any wrong answer, not on a
// missed target: a busy machine must not look like a defect.
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { LOAD_CORE, canPin, pinSelf } from './cores.ts'
import { headersFor, startGateway, startUpstream } from './gateway.ts'
import { jsonChat, streamedChat, withHeaders } from './load.ts'
import { compare, latencies } from './measure.ts'
import { startNginx } from './nginx.ts'
import { residentBytes } from './process-memory.ts'
import { type Results, report } from './report.ts'
import { runFolder } from './run-folder.ts'

/** A round lasts long enough for some 50 of the kernel's 10 ms ticks of CPU time, except in a hurry. */
const full = { rounds: 7, roundMs: 2500, warmUpMs: 3000, latencyRequests: 3000 }
const quick = { rounds: 3, roundMs: 500, warmUpMs: 500, latencyRequests: 500 }

const { values: options } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'string' } } })

const folder = runFolder('bench')

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
  const upstream = await startUpstream(folder)
  const plain = await startNginx(upstream.port, folder, 'plain')
  const kept = await startNginx(upstream.port, folder, 'kept')
  const gateway = await startGateway(upstream, folder)
  const servers = { gateway, plain, kept }
  const headers = headersFor(upstream)
  const json = withHeaders(jsonChat, headers)
  const streamed = withHeaders(streamedChat, headers)
  const comparisons = [
    { scenario: json, target: 3.0, rounds: await compare(servers, json, schedule) },
    { scenario: streamed, target: 1.6, rounds: await compare(servers, streamed, schedule) },
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
    latencies: await latencies(ports, json, schedule.latencyRequests),
    gatewayResidentBytes: residentBytes(gateway.pid),
  }
}
