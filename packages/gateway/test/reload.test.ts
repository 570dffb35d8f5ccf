import type { RouteTarget } from '@inference-gateway/protocol/route'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GatewayProcess, startGatewayProcess } from './faults/gateway-process.ts'
import {
  chunkedHead,
  json,
  type ScriptedProvider,
  silence,
  startScriptedProvider,
} from './support/scripted-provider.ts'
import { chunk, LAST_CHUNK, until } from './support/wire.ts'

const completion = (text: string) =>
  json({ id: 'c', object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content: text } }] })
const event = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`

/** The built-in provider that the process has a key for stays out of the way. */
const NOWHERE = 'http://127.0.0.1:1'

let one: ScriptedProvider
let two: ScriptedProvider
let folder: string
let file: string
beforeEach(async () => {
  one = await startScriptedProvider(completion('from one'), { models: ['model-of-one'] })
  two = await startScriptedProvider(completion('from two'), { models: ['model-of-two'] })
  folder = mkdtempSync(join(tmpdir(), 'reload-'))
  file = join(folder, 'gateway.yaml')
})
afterEach(async () => {
  rmSync(folder, { recursive: true })
  await one.close()
  await two.close()
})

interface Content {
  /** Providers by id, and where they are. */
  readonly providers: Readonly<Record<string, ScriptedProvider | string>>
  /** Aliases by name, and the providers that answer for them, in order. */
  readonly models?: Readonly<Record<string, readonly string[]>>
}

const yaml = ({ providers, models = {} }: Content): string =>
  JSON.stringify({
    providers: Object.entries(providers).map(([id, place]) => ({
      id,
      base_url: typeof place === 'string' ? place : place.origin,
      auth: 'none',
    })),
    models: Object.fromEntries(
      Object.entries(models).map(([name, targets]) => [
        name,
        {
          strategy: 'priority',
          deployments: targets.map((provider) => ({ provider, model: 'm' })),
          retry: { base_delay: '1ms' },
        },
      ]),
    ),
  })

interface Scene extends AsyncDisposable {
  readonly gateway: GatewayProcess
  /** Writes the file and has it read by a signal. Settles when the log tells what came of it. */
  signal(text: string): Promise<void>
  /** What the log says of readings. */
  readings(): readonly LogLine[]
}

interface LogLine {
  readonly level: string
  readonly msg: string
  readonly reason?: string
}

async function start(content: Content, env: Readonly<Record<string, string>> = {}): Promise<Scene> {
  writeFileSync(file, yaml(content))
  const gateway = await startGatewayProcess(NOWHERE, { GATEWAY_CONFIG_PATH: file, ...env })
  const readings = () =>
    gateway.output
      .split('\n')
      .flatMap((line): LogLine[] => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line)] : []))
      .filter(({ msg }) => msg.startsWith('configuration '))
  return {
    gateway,
    readings,
    async signal(text) {
      const before = readings().length
      writeFileSync(file, text)
      process.kill(gateway.pid, 'SIGHUP')
      await until(() => readings().length > before)
    },
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  }
}

const post = ({ gateway }: Scene, model: string, more: object = {}, path = '/v1/chat/completions') =>
  fetch(gateway.url + path, {
    method: 'POST',
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...more }),
  })

async function answerOf(scene: Scene, model: string): Promise<string> {
  const response = await post(scene, model)
  const body = await response.json()
  return response.status === 200 ? body.choices[0].message.content : `${response.status} ${body.code}`
}

async function targetsOf(scene: Scene, model: string): Promise<readonly RouteTarget[]> {
  return (await (await post(scene, model, {}, '/v1/route/explain')).json()).targets
}

async function listOf({ gateway }: Scene): Promise<readonly string[]> {
  const { data } = await (await fetch(`${gateway.url}/v1/models`)).json()
  return data.map(({ id, served_by: provider }: { id: string; served_by: string }) => `${provider} ${id}`)
}

describe('SIGHUP reads the file again', () => {
  test('a good one is taken over, a bad one is not, and the next good one is', async () => {
    await using scene = await start({ providers: { mine: one }, models: { fast: ['mine'] } })
    expect(await answerOf(scene, 'fast')).toBe('from one')

    await scene.signal(yaml({ providers: { mine: one, other: two }, models: { fast: ['other'], slow: ['mine'] } }))
    expect(await answerOf(scene, 'fast')).toBe('from two')
    expect(await answerOf(scene, 'slow')).toBe('from one')
    expect(scene.readings().at(-1)).toMatchObject({
      level: 'info',
      msg: 'configuration read again (SIGHUP): provider other added, model fast changed, model slow added',
    })

    await scene.signal('providers:\n  - id: mine\n    base_url: nonsense\nmodels:\n  fast: {}\n')
    await until(() => scene.readings().length === 3)
    expect(scene.readings().slice(1)).toMatchObject([
      { level: 'error', reason: expect.stringContaining(`${file}:3:15: providers.0.base_url: expected`) },
      { level: 'error', reason: expect.stringContaining(`${file}:5:9: models.fast: deployments is missing`) },
    ])
    expect(scene.readings().at(-1)?.msg).toBe('configuration refused (SIGHUP), the one before still holds')
    expect(await answerOf(scene, 'fast')).toBe('from two')
    expect(await answerOf(scene, 'other/x')).toBe('from two')

    await scene.signal(yaml({ providers: { mine: one }, models: { fast: ['mine'] } }))
    expect(await answerOf(scene, 'fast')).toBe('from one')
    expect(await answerOf(scene, 'slow')).toBe('400 unknown_model')
  })

  test('a provider that came is listed and asked, one that went is neither', async () => {
    await using scene = await start({ providers: { mine: one } })
    expect(await listOf(scene)).toContain('mine model-of-one')
    expect(await answerOf(scene, 'other/x')).toBe('400 unknown_model')

    await scene.signal(yaml({ providers: { other: two } }))
    expect(await listOf(scene)).toContain('other model-of-two')
    expect(await listOf(scene)).not.toContain('mine model-of-one')
    expect(await answerOf(scene, 'model-of-two')).toBe('from two')
    expect(await answerOf(scene, 'other/x')).toBe('from two')
    expect(await answerOf(scene, 'mine/x')).toBe('400 unknown_model')
    expect((await fetch(`${scene.gateway.url}/proxy/mine/x`)).status).toBe(400)
    expect((await fetch(`${scene.gateway.url}/proxy/other/x`)).status).toBe(200)
  })

  test('keys and limits of a provider that came stand in the environment, as at the start', async () => {
    const text = JSON.stringify({ providers: ['with', 'without'].map((id) => ({ id, base_url: two.origin })) })
    await using scene = await start(
      { providers: {} },
      { WITH_API_KEY: 'key-of-with', WITH_RESPONSE_HEADER_TIMEOUT: '100ms' },
    )
    await scene.signal(text)
    expect(await answerOf(scene, 'with/x')).toBe('from two')
    expect(two.requests.at(-1)?.header('authorization')).toBe('Bearer key-of-with')
    expect((await targetsOf(scene, 'with/x'))[0]?.timeouts.response_header_ms).toBe(100)
    two.play(silence)
    expect(await answerOf(scene, 'with/x')).toBe('504 http_response_timeout')
    expect(await answerOf(scene, 'without/x')).toBe('400 provider_not_configured')
    await until(() => scene.gateway.output.includes('without cannot be asked yet: set WITHOUT_API_KEY, and restart.'))
  })

  test('the same file once more changes nothing, and says so', async () => {
    const content = { providers: { mine: one }, models: { fast: ['mine'] } }
    await using scene = await start(content)
    await scene.signal(yaml(content))
    expect(scene.readings().map(({ msg }) => msg)).toEqual(['configuration read again (SIGHUP): nothing has changed'])
  })

  test('without a file it is no reason to stop', async () => {
    await using gateway = await startGatewayProcess(NOWHERE)
    process.kill(gateway.pid, 'SIGHUP')
    await until(() => gateway.output.includes('nothing has changed'))
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
  })
})

describe('what runs goes on as it began', () => {
  const changed = () => yaml({ providers: { late: two }, models: { fast: ['late'] } })

  test('a stream comes whole from a provider that is gone by now', async () => {
    const middle = Promise.withResolvers<void>()
    one.play(async (call) => {
      await call.bodyRead
      await call.write(chunkedHead())
      await call.write(chunk(event('first')))
      await middle.promise
      await call.write(chunk(`${event('last')}data: [DONE]\n\n`))
      await call.write(LAST_CHUNK)
    })
    await using scene = await start({ providers: { mine: one }, models: { fast: ['mine'] } })
    const response = await post(scene, 'fast', { stream: true })
    const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader()
    const { value } = await reader.read()
    expect(new TextDecoder().decode(value)).toContain('first')

    await scene.signal(changed())
    expect(await answerOf(scene, 'fast')).toBe('from two')

    middle.resolve()
    let rest = ''
    for (let part = await reader.read(); !part.done; part = await reader.read())
      rest += new TextDecoder().decode(part.value)
    expect(rest).toBe(`${event('last')}data: [DONE]\n\n`)
  })

  test('a request falls over to the targets it was planned with', async () => {
    const asked = Promise.withResolvers<void>()
    const refuse = Promise.withResolvers<void>()
    one.play(async (call) => {
      asked.resolve()
      await refuse.promise
      await json({ error: { message: 'overloaded' } }, 503)(call)
    })
    await using scene = await start({ providers: { mine: one, spare: two }, models: { fast: ['mine', 'spare'] } })
    const response = post(scene, 'fast')
    await asked.promise

    await scene.signal(changed())
    refuse.resolve()
    expect((await response).headers.get('x-gateway-attempts')).toMatch(/^mine;status=503;.* spare;status=200;/)
  })
})

describe('what is known of a provider', () => {
  test('its list and its breakers are kept while it stays the same, and dropped when it is another', async () => {
    let lists = 0
    const place = await startScriptedProvider(
      (call) => {
        if (!call.request.target.endsWith('/models')) return call.reset()
        lists += 1
        return json({ object: 'list', data: [{ id: 'model-of-mine' }] })(call)
      },
      { models: null },
    )
    await using scene = await start({ providers: { mine: place, other: two }, models: { fast: ['mine', 'other'] } })
    const stateOfMine = async () =>
      (await targetsOf(scene, 'fast')).find(({ provider }) => provider === 'mine')?.breaker.state
    expect(await listOf(scene)).toContain('mine model-of-mine')
    for (let failures = 0; failures < 5; failures++) expect(await answerOf(scene, 'fast')).toBe('from two')
    expect(await stateOfMine()).toBe('open')

    await scene.signal(yaml({ providers: { mine: place }, models: { fast: ['mine', 'openai'] } }))
    expect(await listOf(scene)).toContain('mine model-of-mine')
    expect([lists, await stateOfMine()]).toEqual([1, 'open'])

    await scene.signal(yaml({ providers: { mine: `${place.origin}/v2` }, models: { fast: ['mine', 'openai'] } }))
    expect(await listOf(scene)).toContain('mine model-of-mine')
    expect([lists, await stateOfMine()]).toEqual([2, 'closed'])
    await place.close()
  })
})

describe('a changed file is read without a signal', () => {
  const put: [how: string, put: (text: string) => void][] = [
    ['written in place', (text) => writeFileSync(file, text)],
    [
      'put in its place, as editors do',
      (text) => {
        writeFileSync(`${file}.new`, text)
        renameSync(`${file}.new`, file)
      },
    ],
  ]
  test.each(put)('%s', async (_, put) => {
    await using scene = await start({ providers: { mine: one }, models: { fast: ['mine'] } })
    put(yaml({ providers: { mine: two }, models: { fast: ['mine'] } }))
    await until(() => scene.readings().length === 1)
    expect(scene.readings()[0]?.msg).toBe(
      'configuration read again (configuration file changed): provider mine changed',
    )
    expect(await answerOf(scene, 'fast')).toBe('from two')

    put('models: [')
    await until(() => scene.readings().length > 1)
    expect(scene.readings()[1]).toMatchObject({
      level: 'error',
      reason: expect.stringContaining(`${file}:1:`),
      msg: 'configuration refused (configuration file changed), the one before still holds',
    })
    expect(await answerOf(scene, 'fast')).toBe('from two')

    put(yaml({ providers: { mine: one }, models: { fast: ['mine'] } }))
    await until(() => scene.readings().at(-1)?.level === 'info')
    expect(await answerOf(scene, 'fast')).toBe('from one')
  })

  test('the file with routes too', async () => {
    const routes = join(folder, 'routes.yaml')
    const text = (provider: string) => JSON.stringify({ models: { fast: { deployments: [{ provider, model: 'm' }] } } })
    writeFileSync(routes, text('mine'))
    const env = { ROUTING_ENABLED: 'true', ROUTING_CONFIG_PATH: routes }
    await using scene = await start({ providers: { mine: one, other: two } }, env)
    writeFileSync(routes, text('other'))
    await until(() => scene.readings().length === 1)
    expect(scene.readings()[0]?.msg).toEndWith('model fast changed')
    expect(await answerOf(scene, 'fast')).toBe('from two')
  })
})
