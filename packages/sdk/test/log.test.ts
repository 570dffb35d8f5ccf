import { describe, expect, test } from 'bun:test'
import { Gateway } from '../src/index.ts'
import { HELLO, inTurn, json, scripted, thrown } from './support/scripted.ts'

const ASK = { model: 'm', messages: 'my secret question' }

describe('the log', () => {
  test('tells each try in a line, and nothing that is secret', async () => {
    const told: unknown[] = []
    const busy = json({ error: 'No.' }, 503, { 'retry-after-ms': '0' })
    const options = { apiKey: 'secret-token', log: (...what: readonly unknown[]) => void told.push(...what) }
    await using it = await scripted(inTurn(busy, json(HELLO, 200, { 'x-request-id': 'r1' })), options)
    await it.gw.chat(ASK)
    expect(told).toEqual([
      expect.stringMatching(/^POST \/v1\/chat\/completions, try 1: 503, \d+ ms$/),
      expect.stringMatching(/^POST \/v1\/chat\/completions, try 2: 200 r1, \d+ ms$/),
    ])
    expect(told.join()).not.toContain('secret')
  })

  test('tells why there was no answer', async () => {
    const told: unknown[] = []
    const log = (line: unknown) => void told.push(line)
    await thrown(new Gateway({ baseURL: 'http://127.0.0.1:1', maxRetries: 0, log }).chat(ASK))
    expect(told).toEqual([expect.stringContaining('try 1: ConnectionError: Cannot reach http://127.0.0.1:1')])
  })

  test('is there for middleware, and goes with the client’s copies', async () => {
    const told: unknown[] = []
    await using it = await scripted(json(HELLO), { log: (...what) => void told.push(what) })
    const gw = it.gw.with({
      middleware: [
        async (request, next, { log }) => {
          const response = await next(request)
          log('seen', response.status)
          return response
        },
      ],
    })
    await gw.chat(ASK)
    expect(told).toContainEqual(['seen', 200])
  })

  test.each([
    ['1', 1],
    ['', 0],
  ])('is the console where INFERENCE_GATEWAY_LOG is "%s": %d lines', async (value, lines) => {
    await using it = await scripted(json(HELLO))
    const program = `import { Gateway } from '${import.meta.dir}/../src/index.ts'
      await new Gateway().chat({ model: 'm', messages: 'Hi' })`
    const env = { ...process.env, INFERENCE_GATEWAY_URL: it.server.origin, INFERENCE_GATEWAY_LOG: value }
    const child = Bun.spawn([process.execPath, '-e', program], { env, stdout: 'pipe', stderr: 'pipe' })
    const [output, complaints] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    expect([output, complaints.match(/try 1: 200/g)?.length ?? 0]).toEqual(['', lines])
  })
})
