import { describe, expect, test } from 'bun:test'
import { startGateway } from './support/gateway.ts'
import { json, type Script, silence, startScriptedProvider } from './support/scripted-provider.ts'

const chat = (url: string, model: string) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }),
  })

/** A gateway that knows no list yet: `groq` lists these models at once, the list of `ollama` hangs or fails. */
async function startCold(models: readonly string[], other: Script) {
  const groq = await startScriptedProvider(json({ choices: [] }), { models })
  const ollama = await startScriptedProvider(other, { models: null })
  const gateway = await startGateway({ providers: { groq: groq.origin, ollama: ollama.origin } })
  return {
    ...gateway,
    async [Symbol.asyncDispose]() {
      await gateway.close()
      await groq.close()
      await ollama.close()
    },
  }
}

describe('while the list of one provider hangs', () => {
  const cases: [behaviour: string, model: string, withinMs: number][] = [
    ['a listed model that its name points at is asked for at once', 'llama-3', 400],
    ['a listed model is asked for after a short grace', 'qwen-3', 1_500],
    ['a model that only its name points at is asked for after a short grace', 'llama-99', 1_500],
  ]
  test.each(cases)('%s', async (_, model, withinMs) => {
    await using cold = await startCold(['llama-3', 'qwen-3'], silence)
    const startedAt = performance.now()
    const response = await chat(cold.url, model)
    expect(performance.now() - startedAt).toBeLessThan(withinMs)
    expect(response.status).toBe(200)
    expect(response.headers.get('x-gateway-provider')).toBe('groq')
  })

  test('a model nobody else has is waited for, and the answer names who may have it', async () => {
    await using cold = await startCold(['qwen-3'], silence)
    const response = await chat(cold.url, 'zzz')
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'unknown_model', error: expect.stringContaining('ollama') })
  })
})

describe('when the list of one provider cannot be read', () => {
  test('a model nobody else has may be its own, and the answer says so', async () => {
    await using cold = await startCold(['qwen-3'], json({ error: 'no' }, 500))
    const body = await (await chat(cold.url, 'zzz')).json()
    expect(body).toMatchObject({
      code: 'unknown_model',
      error: expect.stringMatching(/could not be read yet.*: ollama\.$/),
    })
  })

  test('a model that is not listed may be its own, and the answer says so', async () => {
    await using cold = await startCold(['qwen-3'], json({ error: 'no' }, 500))
    const response = await fetch(`${cold.url}/v1/models/zzz`)
    expect(response.status).toBe(404)
    expect((await response.json()).error).toMatch(/could not be read yet.*: ollama\.$/)
  })

  test('nothing is said of it once every list was read', async () => {
    await using warm = await startCold(['qwen-3'], json({ object: 'list', data: [] }))
    const body = await (await chat(warm.url, 'zzz')).json()
    expect(body.error).not.toContain('could not be read')
  })
})
