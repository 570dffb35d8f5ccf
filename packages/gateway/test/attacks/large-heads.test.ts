import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'bun:test'
import { startScriptedProvider as startIssuer } from '../../src/auth/test/scripted-provider.ts'
import { rsaSigner } from '../../src/auth/test/forger.ts'
import { MAIN, startGatewayProcess } from '../faults/gateway-process.ts'
import { ask } from '../support/raw-client.ts'
import { until } from '../support/wire.ts'

const ROOT = resolve(import.meta.dir, '../../../..')

/** The command of the image, but for where its files lie. */
const [, ...flags]: string[] = JSON.parse(
  /^CMD (\["bun".*"\])$/m.exec(readFileSync(`${ROOT}/Dockerfile`, 'utf8'))?.[1] ?? '[]',
)

const KIBIBYTE = 1024

describe.each([
  ['npm', [Bun.which('node') ?? 'node', `${ROOT}/scripts/launch.mjs`, 'serve']],
  ['the image', [process.execPath, ...flags.slice(0, -1), MAIN]],
] as const)('a gateway that %s starts', (_, command) => {
  test('reads heads of up to 32 KiB, and no token over 16', async () => {
    const issuer = startIssuer({ keys: [(await rsaSigner({ kid: 'one' })).jwk] })
    const env = { ENABLE_AUTH: 'true', OIDC_ISSUER_URL: issuer.issuer, SERVER_LAME_DUCK: '0s' }
    const gateway = await startGatewayProcess('http://127.0.0.1:1', env, [...command])
    const statusOf = async (headers: Readonly<Record<string, string>>) =>
      (await ask(gateway.url, 'GET /v1/models', headers)).status
    try {
      await until(() => gateway.output.includes('token issuer available'))
      expect(await statusOf({ authorization: `Bearer e30.e30.${'a'.repeat(17 * KIBIBYTE)}` })).toBe(401)
      expect(await statusOf({ cookie: 'a'.repeat(31 * KIBIBYTE) })).toBe(401)
      expect(await statusOf({ cookie: 'a'.repeat(33 * KIBIBYTE) })).toBe(431)
    } finally {
      gateway.signal('SIGTERM') // killed, npm's launcher would leave the gateway behind
    }
    expect(await gateway.exited).toBe(0)
    await issuer.stop()
  })
})
