import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../kernel/errors.ts'
import type { Model } from './model-directory.ts'
import { type ModelNameRules, requireProvider, resolveModelName } from './model-name.ts'

const known = new Map(
  ['openai', 'anthropic', 'groq', 'cohere', 'cloudflare', 'openrouter', 'nvidia', 'deepseek', 'ollama'].map(
    (id) => [id, `${id.toUpperCase()}_API_KEY`] as const,
  ),
)
const without = (...missing: readonly string[]) => new Set([...known.keys()].filter((id) => !missing.includes(id)))

const models: readonly Model[] = Object.entries({
  ollama: ['llama-3.3-70b-versatile', 'qwen3:4b', 'gpt-4o-mini', 'claude-at-home'],
  openai: ['gpt-4o', 'gpt-4o-mini', 'shared', 'o3-mini'],
  groq: ['llama-3.3-70b-versatile', 'groq/compound', 'openai/gpt-oss-20b', 'shared'],
  openrouter: ['openai/gpt-4o', 'deepseek/deepseek-chat', 'openrouter/auto'],
  nvidia: ['nvidia/nemotron', 'deepseek/deepseek-chat'],
}).flatMap(([provider, ids]) =>
  ids.map((id) => ({ id, object: 'model', created: 0, owned_by: provider, served_by: provider }) as const),
)

function rules(changes: Partial<ModelNameRules> & { readonly listed?: readonly Model[] } = {}): ModelNameRules {
  const { listed = models, ...rest } = changes
  const configured = rest.configured ?? without()
  const visible = listed.filter((model) => configured.has(model.served_by))
  const peek = (id: string) => visible.filter((model) => model.id === id)
  const directory = { peek, find: async (id: string) => peek(id), known: () => visible, unread: () => [] }
  return { known, configured, ownNames: [], directory, ...rest }
}

const told = async (model: string, provider: string | null, options: Parameters<typeof rules>[0] = {}) => {
  const resolved = await resolveModelName(model, provider, rules(options))
  return `${resolved.because}: ${resolved.provider} ${resolved.model}`
}

const refusal = async (model: string, provider: string | null, options: Parameters<typeof rules>[0] = {}) => {
  const error = await resolveModelName(model, provider, rules(options)).catch((error: unknown) => error)
  if (!(error instanceof GatewayError)) throw new Error(`not refused: ${JSON.stringify(error)}`)
  return error
}

describe('the rules, in their order', () => {
  const cases: readonly (readonly [what: string, model: string, provider: string | null, expected: string])[] = [
    ['the query decides', 'gpt-4o', 'groq', 'query: groq gpt-4o'],
    ['the query may be written in capitals', 'gpt-4o', 'OpenAI', 'query: openai gpt-4o'],
    ['an empty query is none', 'gpt-4o', '', 'list: openai gpt-4o'],
    ['a matching prefix is stripped', 'openai/gpt-4o', 'openai', 'query: openai gpt-4o'],
    ['a matching prefix in capitals too', 'OPENAI/gpt-4o', 'openai', 'query: openai gpt-4o'],
    ['another prefix stays', 'openai/gpt-4o', 'openrouter', 'query: openrouter openai/gpt-4o'],
    ['only one prefix is stripped', 'openrouter/openai/gpt-4o', 'openrouter', 'query: openrouter openai/gpt-4o'],
    ['a name the provider itself gives stays whole', 'groq/compound', 'groq', 'query: groq groq/compound'],
    ['a prefix decides', 'ollama/gpt-4o', null, 'prefix: ollama gpt-4o'],
    ['a prefix may be written in capitals', 'Groq/Llama-X', null, 'prefix: groq Llama-X'],
    ['the rest of a prefix is the name', 'openai/anthropic/x', null, 'prefix: openai anthropic/x'],
    ['a name with slashes keeps them', 'cloudflare/@cf/meta/x', null, 'prefix: cloudflare @cf/meta/x'],
    ['a listed name with its own prefix stays whole', 'nvidia/nemotron', null, 'prefix: nvidia nvidia/nemotron'],
    ['the prefix twice is still one', 'nvidia/nvidia/nemotron', null, 'prefix: nvidia nvidia/nemotron'],
    ['a list decides', 'qwen3:4b', null, 'list: ollama qwen3:4b'],
    ['a list comes before the convention', 'claude-at-home', null, 'list: ollama claude-at-home'],
    ['of two lists the conventional one', 'gpt-4o-mini', null, 'list: openai gpt-4o-mini'],
    ['of two lists the conventional one', 'llama-3.3-70b-versatile', null, 'list: groq llama-3.3-70b-versatile'],
    ['gpt-*', 'gpt-99', null, 'convention: openai gpt-99'],
    ['chatgpt-*', 'chatgpt-4o-latest', null, 'convention: openai chatgpt-4o-latest'],
    ['o1', 'o1', null, 'convention: openai o1'],
    ['o3-*', 'o3-pro', null, 'convention: openai o3-pro'],
    ['o4-*', 'o4-mini', null, 'convention: openai o4-mini'],
    ['claude-*', 'claude-opus-5', null, 'convention: anthropic claude-opus-5'],
    ['command-*', 'command-r', null, 'convention: cohere command-r'],
    ['@cf/*', '@cf/meta/x', null, 'convention: cloudflare @cf/meta/x'],
    ['llama-*', 'llama-guard', null, 'convention: groq llama-guard'],
    ['deepseek-r1-distill-*', 'deepseek-r1-distill-x', null, 'convention: groq deepseek-r1-distill-x'],
  ]
  test.each(cases)('%s: %p %p', async (_, model, provider, expected) => {
    expect(await told(model, provider)).toBe(expected)
  })

  test('the prefix of a provider without a key is a part of the name that lists may know', async () => {
    const configured = without('openai')
    expect(await told('openai/gpt-4o', null, { configured })).toBe('list: openrouter openai/gpt-4o')
  })

  test('the lists are asked only when no earlier rule decides', async () => {
    const directory = { ...rules().directory, find: () => Promise.reject(new Error('asked')) }
    expect(await told('x', 'openai', { directory })).toBe('query: openai x')
    expect(await told('openai/x', null, { directory })).toBe('prefix: openai x')
    expect(resolveModelName('x', null, rules({ directory }))).rejects.toThrow('asked')
  })

  test('the lists are told who the name points at, if that one can be asked', async () => {
    const asked: unknown[] = []
    const directory = {
      ...rules().directory,
      find: async (_: string, usual?: string | null) => {
        asked.push(usual)
        return []
      },
    }
    await told('gpt-99', null, { directory })
    await refusal('llama-x', null, { directory, configured: without('groq') })
    await refusal('zzz', null, { directory })
    expect(asked).toEqual(['openai', null, null])
  })
})

describe('refusals', () => {
  test('an unknown provider is answered with the known ones', async () => {
    const error = await refusal('gpt-4o', 'opnai')
    expect(error).toMatchObject({ code: 'provider_not_found', status: 400, param: 'provider' })
    expect(error.message).toBe(
      'Provider not found. Please check the list of supported providers. Known are: openai, anthropic, groq, cohere, cloudflare, ' +
        'openrouter, nvidia, deepseek, ollama.',
    )
  })

  const keyless: readonly (readonly [model: string, provider: string | null, param: string])[] = [
    ['x', 'groq', 'provider'],
    ['groq/x', null, 'model'],
    ['llama-x', null, 'model'],
  ]
  test.each(keyless)(
    '%p %p: a provider without a key is answered with the variable to set',
    async (model, provider, param) => {
      const error = await refusal(model, provider, { configured: without('groq') })
      expect(error).toMatchObject({ code: 'provider_not_configured', status: 400, param })
      expect(error.message).toBe(
        "Provider requires an API key. Please configure the provider's API key. Set GROQ_API_KEY to use groq, and restart.",
      )
    },
  )

  test('a model of two providers is answered with both names', async () => {
    const error = await refusal('shared', null)
    expect(error).toMatchObject({
      code: 'ambiguous_model',
      status: 400,
      param: 'model',
      extra: { suggestions: ['openai/shared', 'groq/shared'] },
    })
    expect(error.message).toContain('openai/shared, groq/shared')
    expect((await refusal('deepseek/deepseek-chat', null, { configured: without('deepseek') })).code).toBe(
      'ambiguous_model',
    )
  })

  test('an unknown model is answered with the closest ones', async () => {
    const error = await refusal('gtp-4o', null)
    expect(error).toMatchObject({ code: 'unknown_model', status: 400, param: 'model' })
    expect(error.extra['suggestions']).toEqual(['openai/gpt-4o'])
    expect(error.message).toBe(
      'Unable to determine provider for model. Please specify a provider. Nobody here is known to serve "gtp-4o". ' +
        'Write `provider/model` or add `?provider=`. Closest models: openai/gpt-4o.',
    )
  })

  const near: readonly (readonly [model: string, closest: string])[] = [
    ['fst', 'fast'],
    ['Fast', 'fast'],
    ['gpt4o', 'openai/gpt-4o'],
    ['opnai/gpt-4o', 'openai/gpt-4o'],
    ['olama/qwen3', 'ollama/qwen3:4b'],
    ['qwen3', 'ollama/qwen3:4b'],
    ['nvidia', 'nvidia/nemotron'],
    ['team/smart', 'team-smart'],
  ]
  test.each(near)('%p is closest to %p', async (model, expected) => {
    const { suggestions } = (await refusal(model, null, { ownNames: ['fast', 'team-smart'] })).extra
    expect(suggestions).toBeArray()
    expect([suggestions].flat()[0]).toBe(expected)
    expect([suggestions].flat().length).toBeLessThanOrEqual(3)
  })

  test('a model that several have is suggested of each, and not too often', async () => {
    const { suggestions } = (await refusal('gpt4o-mini', null)).extra
    expect(suggestions).toEqual(['ollama/gpt-4o-mini', 'openai/gpt-4o-mini', expect.any(String)])
  })

  const named: readonly (readonly [model: string, said: string])[] = [
    ['nope/x', `There is no provider "nope". Known are: ${[...known.keys()].join(', ')}.`],
    ['nope/x/y', 'There is no provider "nope".'],
    ['"\u2028/x', 'There is no provider "\\"\u2028".'],
    ['zzz', 'Write `provider/model` or add `?provider=`.'],
    ['/x', 'Write `provider/model` or add `?provider=`.'],
    ['Groq', 'It is a provider: write `groq/<model>`.'],
  ]
  test.each(named)('%j: what is wrong with it is said', async (model, said) => {
    const { message } = await refusal(model, null)
    expect(message).toStartWith('Unable to determine provider for model. Please specify a provider. ')
    expect(message).toContain(said)
  })

  const made: readonly (readonly [model: string, provider: string])[] = [
    ['gemini-2.5-flash', 'google'],
    ['mistral-large-latest', 'mistral'],
    ['codestral-latest', 'mistral'],
    ['deepseek-chat', 'deepseek'],
    ['grok-4', 'xai'],
    ['kimi-k2', 'moonshot'],
    ['glm-4.6', 'zai'],
    ['MiniMax-M2', 'minimax'],
  ]
  test.each(made)(
    '%p: the variable of a maker without a key is named, and nobody is asked',
    async (model, provider) => {
      const all = new Map(
        [...known.keys(), ...made.map(([, id]) => id)].map((id) => [id, `${id.toUpperCase()}_API_KEY`]),
      )
      const error = await refusal(model, null, { known: all, configured: new Set(['ollama']) })
      expect(error.code).toBe('unknown_model')
      expect(error.message).toContain(`Set ${provider.toUpperCase()}_API_KEY to use ${provider}, and restart.`)
      const ready = await refusal(model, null, { known: all, configured: new Set(all.keys()), listed: [] })
      expect(ready.message).not.toContain('_API_KEY')
    },
  )

  test('a simulator that is off is answered with its switch', async () => {
    const all = new Map([...known, ['simulator', 'SIMULATOR_ENABLED=true']])
    const directory = { ...rules().directory, unread: () => ['groq'] }
    const error = await refusal('simulator/chat', null, { known: all, configured: without(), directory })
    expect(error.code).toBe('provider_not_configured')
    expect(error.message).toBe(
      'The simulator is switched off. Set SIMULATOR_ENABLED=true to use simulator, and restart.',
    )
  })

  test("the closest ones are written as they can be asked for, a provider's name in front once", async () => {
    const error = await refusal('nvidea/nemotron', null)
    expect(error.extra['suggestions']).toEqual(['nvidia/nemotron'])
  })

  test('an unknown model is answered with the providers whose lists are not there', async () => {
    const directory = { ...rules().directory, unread: () => ['groq', 'ollama'] }
    expect((await refusal('zzz', null, { directory })).message).toEndWith(
      'The model lists of these providers could not be read yet, so it may be theirs: groq, ollama.',
    )
  })

  const meant: readonly (readonly [model: string, provider: string | null, said: string])[] = [
    ['groq/llama-x', null, 'llama-x'],
    ['llama-x', null, 'llama-x'],
    ['openai/x', 'Groq', 'openai/x'],
    ['Groq/x', 'groq', 'x'],
    ['groq/模型 é', null, '%E6%A8%A1%E5%9E%8B %C3%A9'],
  ]
  test.each(meant)('%p %p: a provider without a key is named in the headers', async (model, provider, said) => {
    const error = await refusal(model, provider, { configured: without('groq') })
    expect(error.headers).toEqual({ 'x-gateway-provider': 'groq', 'x-gateway-model': said })
  })

  test('a provider that there is not is named in no header', async () => {
    expect((await refusal('gpt-4o', 'opnai')).headers).toEqual({})
  })

  test('without any provider the variables are named', async () => {
    const error = await refusal('some-model', null, { configured: new Set<string>() })
    expect(error.code).toBe('unknown_model')
    expect(error.message).toContain('No provider is configured: set one of OPENAI_API_KEY, ANTHROPIC_API_KEY')
    expect(error.extra).toEqual({ suggestions: [] })
  })

  const unusable: readonly (readonly [model: string, provider: string | null])[] = [
    ['', null],
    ['a\nb', null],
    ['a\u0000', 'openai'],
    ['x'.repeat(513), 'openai'],
    ['\ud800', null],
    ['openai/', null],
    ['openai/', 'openai'],
  ]
  test.each(unusable)('%j %p is no model', async (model, provider) => {
    expect(await refusal(model, provider)).toMatchObject({ code: 'invalid_request', status: 400, param: 'model' })
  })

  test('a name that only looks like a convention is unknown', async () => {
    for (const model of ['o10', 'o1x', 'gpt', 'GPT-4', 'xgpt-4', 'deepseek-chat', 'llama3']) {
      expect((await refusal(model, null)).code).toBe('unknown_model')
    }
  })
})

test('a provider is known in any letter case', () => {
  expect(requireProvider('OLLAMA', rules())).toBe('ollama')
})
