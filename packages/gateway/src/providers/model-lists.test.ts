import { existsSync } from 'node:fs'
import { describe, expect, test } from 'bun:test'
import { decodeModelPage, isModelId, MODEL_ID_LIMIT } from './model-lists.ts'
import type { ModelListDialect } from './provider.ts'

const fixtures = `${import.meta.dir}/../../../../../shared/fixtures`
/** The recordings lie beside the repository; a clone on its own does without them. */
const withRecordings = describe.if(existsSync(fixtures))
const recorded = (path: string): Promise<unknown> => Bun.file(`${fixtures}/${path}/response.json`).json()

const lists: readonly (readonly [path: string, dialect: ModelListDialect, count: number, first: object])[] = [
  ['openai/models-plain-01', 'openai', 82, { id: 'gpt-4-0613', created: 1686588896, owned_by: 'openai' }],
  ['openai/models-sdk-01', 'openai', 127, { id: 'gpt-4-0613', created: 1686588896, owned_by: 'openai' }],
  [
    'anthropic/models-plain-01',
    'anthropic',
    11,
    {
      id: 'claude-opus-5',
      created: 1784851200,
      name: 'Claude Opus 5',
      context_length: 1_000_000,
      max_output_tokens: 128_000,
    },
  ],
  ['cohere/models-list-constructed-01', 'cohere', 3, { id: 'command-r', created: 0, context_length: 128_000 }],
  [
    'cloudflare/finetunes-public-constructed-01',
    'cloudflare',
    2,
    { id: 'cf-public-cnn-summarization', created: 1712052000 },
  ],
  [
    'cloudflare/models-search-constructed-01',
    'cloudflare',
    2,
    { id: '@cf/meta/llama-4-scout-17b-16e-instruct', created: 1743884756, context_length: 131_000 },
  ],
  [
    'groq/models-plain-01',
    'openai',
    15,
    {
      id: 'whisper-large-v3-turbo',
      created: 0,
      owned_by: 'OpenAI',
      name: 'Whisper Large V3 Turbo',
      context_length: 448,
      max_output_tokens: 448,
    },
  ],
  ['ollama/models-sdk-01', 'openai', 8, { id: 'gpt-oss:20b', created: 1770761891, owned_by: 'library' }],
  ['ollama/models-sdk-02', 'openai', 8, { id: 'llama3.2:3b-instruct-fp16', created: 1760453641, owned_by: 'library' }],
  ['ollama/native-tags-plain-01', 'openai', 5, { id: 'all-minilm:latest', created: 1781914540 }],
  [
    'llamacpp/models-plain-01',
    'openai',
    1,
    { id: '/REDACTED_PATH/Qwen3-1.7B-Q4_K_M.gguf', created: 0, owned_by: 'llamacpp', context_length: 4096 },
  ],
  ['llamacpp/models-sdk-01', 'openai', 1, { id: 'qwen2.5', created: 1769620721, owned_by: 'llamacpp' }],
  [
    'google/compat-models-sdk-01',
    'openai',
    50,
    { id: 'gemini-2.5-flash', created: 0, owned_by: 'google', name: 'Gemini 2.5 Flash' },
  ],
  ['google/models-plain-01', 'openai', 52, { id: 'gemini-2.5-flash', created: 0 }],
  [
    'mistral/models-plain-01',
    'openai',
    55,
    { id: 'mistral-medium-2505', created: 0, owned_by: 'mistralai', context_length: 131_072 },
  ],
  ['deepseek/models-plain-01', 'openai', 2, { id: 'deepseek-v4-flash', created: 0, owned_by: 'deepseek' }],
  [
    'moonshot/models-constructed-01',
    'openai',
    1,
    { id: 'kimi-k2.6', created: 1753164000, owned_by: 'moonshot', context_length: 262_144 },
  ],
  ['nvidia/models-constructed-01', 'openai', 4, { id: '01-ai/yi-large', created: 735790403, owned_by: '01-ai' }],
  [
    'openrouter/models-trimmed-01',
    'openai',
    14,
    {
      id: 'qwen/qwen3.8-27b',
      created: 0,
      name: 'Qwen: Qwen3.8 27B',
      context_length: 262_144,
      max_output_tokens: 131_072,
    },
  ],
  ['azure/models-sdk-01', 'openai', 143, { id: 'dall-e-3-3.0', created: 0 }],
  ['bedrock/models-plain-01', 'openai', 48, { id: 'google.gemma-3-4b-it', created: 1764460800, owned_by: 'system' }],
  [
    'bedrock/models-sdk-01',
    'openai',
    37,
    { id: 'qwen.qwen3-coder-30b-a3b-instruct', created: 1764460800, owned_by: 'system' },
  ],
]

withRecordings('recorded model lists', () => {
  test.each(lists)('%s is read whole', async (path, dialect, count, first) => {
    const { models } = decodeModelPage(dialect, await recorded(path))
    expect(models[0]).toEqual(first as never)
    expect(new Set(models.map((model) => model.id)).size).toBe(count)
    expect(models.length).toBe(count)
    expect(models.filter((model) => !Number.isSafeInteger(model.created) || model.created < 0)).toEqual([])
  })

  const others: readonly (readonly [path: string, dialect: ModelListDialect])[] = [
    ['openai/models-error-401-01', 'openai'],
    ['openai/model-get-plain-01', 'openai'],
    ['mistral/models-error-401-01', 'openai'],
    ['deepseek/models-error-401-01', 'openai'],
    ['cohere/model-get-plain-01', 'cohere'],
    ['cohere/model-get-plain-02', 'cohere'],
    ['cloudflare/error-405-models-constructed-01', 'cloudflare'],
  ]
  test.each(others)('%s is told to be no list', async (path, dialect) => {
    const body = await recorded(path)
    expect(() => decodeModelPage(dialect, body)).toThrow(/^not a model list: expected /)
  })
})

describe('bodies', () => {
  const empty: readonly (readonly [what: string, dialect: ModelListDialect, body: unknown])[] = [
    ['an empty list', 'openai', { object: 'list', data: [] }],
    ['null instead of a list', 'openai', { object: 'list', data: null }],
    ['a list that left its models out', 'openai', { object: 'list' }],
    ['an empty array', 'openai', []],
    ['null from Anthropic', 'anthropic', { data: null }],
    ['null from Cohere', 'cohere', { models: null }],
    ['null from Cloudflare', 'cloudflare', { success: true, result: null }],
  ]
  test.each(empty)('%s has no models', (_, dialect, body) => {
    expect(decodeModelPage(dialect, body)).toEqual({ models: [], next: null })
  })

  const junk: readonly unknown[] = [
    undefined,
    null,
    true,
    7,
    'models',
    {},
    { data: 'models' },
    { data: { id: 'a' } },
    { data: null, error: { message: 'quota' } },
    { success: false, result: null },
    { models: 1 },
  ]
  for (const dialect of ['openai', 'anthropic', 'cohere', 'cloudflare'] as const) {
    test.each(junk.map((body) => [JSON.stringify(body), body] as const))(`${dialect}: %s is no list`, (_, body) => {
      expect(() => decodeModelPage(dialect, body)).toThrow(Error)
    })
  }

  test('a bare array is a list, as Together sends it', () => {
    const body = [{ id: 'moonshotai/Kimi-K2', created: 0, organization: 'Moonshot AI', context_length: 131_072 }]
    expect(decodeModelPage('openai', body).models).toEqual([
      { id: 'moonshotai/Kimi-K2', created: 0, owned_by: 'Moonshot AI', context_length: 131_072 },
    ])
  })
})

describe('entries', () => {
  const odd: readonly unknown[] = [
    null,
    1,
    'gpt-4o',
    [],
    {},
    { id: null },
    { id: 4 },
    { id: '' },
    { id: 'a\u0000b' },
    { id: 'a\nb' },
    { id: '\ud800' },
    { id: 'x'.repeat(MODEL_ID_LIMIT + 1) },
    { id: 'models/' },
  ]
  test.each(odd.map((entry) => [JSON.stringify(entry).slice(0, 40), entry] as const))('%s is skipped', (_, entry) => {
    const { models } = decodeModelPage('openai', { data: [entry, { id: 'good' }] })
    expect(models.map((model) => model.id)).toEqual(['good'])
  })

  test('junk in every other member costs only that member', () => {
    const junk = { toString: 1, valueOf: 1 }
    const entry = { id: 'a', created: junk, owned_by: 7, name: junk, context_length: junk, meta: 1, top_provider: [] }
    expect(decodeModelPage('openai', { data: [entry] }).models).toEqual([{ id: 'a', created: 0 }])
  })

  test('the first of several with one id counts', () => {
    const { models } = decodeModelPage('openai', {
      data: [
        { id: 'a', created: 5 },
        { id: 'models/a', created: 6 },
      ],
    })
    expect(models).toEqual([{ id: 'a', created: 5 }])
  })

  test('Cohere: what cannot chat is left out, what does not tell stays', () => {
    const body = {
      models: [{ name: 'embed', endpoints: ['embed'] }, { name: 'chat', endpoints: ['chat'] }, { name: 'x' }],
    }
    expect(decodeModelPage('cohere', body).models.map((model) => model.id)).toEqual(['chat', 'x'])
  })

  test('Cloudflare: what generates no text is left out, what does not tell stays', () => {
    const result = [
      { name: 'a', task: { name: 'Translation' } },
      { name: 'b', task: {} },
      { name: 'c', properties: 1 },
    ]
    const { models } = decodeModelPage('cloudflare', { success: true, result })
    expect(models.map((model) => model.id)).toEqual(['b', 'c'])
  })

  const dates: readonly (readonly [entry: object, created: number])[] = [
    [{}, 0],
    [{ created: 1686588896 }, 1686588896],
    [{ created: 1686588896.7 }, 1686588896],
    [{ created: 1686588896123 }, 1686588896],
    [{ created: '1686588896' }, 1686588896],
    [{ created: '2024-07-16T00:00:00Z' }, 1721088000],
    [{ created: 0, created_at: '2024-07-16T02:00:00+02:00' }, 1721088000],
    [{ created_at: '2025-04-05 20:25:56.137' }, 1743884756],
    [{ created_at: '2025-04-05' }, 1743811200],
    [{ created_at: '1970-01-01T00:00:00.000000Z' }, 0],
    [{ created_at: '1972-01-01T00:00:00Z' }, 63072000],
    [{ modified_at: '2026-06-19T17:15:40.188240254-07:00' }, 1781914540],
    [{ created: 'yesterday' }, 0],
    [{ created: '' }, 0],
    [{ created: -5 }, 0],
    [{ created: 1e300 }, 0],
    [{ created: null, created_at: null }, 0],
  ]
  test.each(dates.map(([entry, created]) => [JSON.stringify(entry), entry, created] as const))(
    '%s is read as seconds',
    (_, entry, created) => {
      expect(decodeModelPage('openai', { data: [{ id: 'a', ...entry }] }).models[0]?.created).toBe(created)
    },
  )

  const lengths: readonly (readonly [member: string, value: unknown, length: number | undefined])[] = [
    ['context_length', 8, 8],
    ['context_window', 8, 8],
    ['max_context_length', 8, 8],
    ['max_model_len', 8, 8],
    ['max_input_tokens', '8', 8],
    ['context_length', 0, undefined],
    ['context_length', -1, undefined],
    ['context_length', 1.5, undefined],
    ['context_length', null, undefined],
  ]
  test.each(lengths)('%s: %p tells the context length', (member, value, length) => {
    const [model] = decodeModelPage('openai', { data: [{ id: 'a', [member]: value }] }).models
    expect(model?.context_length).toBe(length as number)
  })
})

describe('pages', () => {
  const pages: readonly (readonly [what: string, dialect: ModelListDialect, body: unknown, next: string | null])[] = [
    ['OpenAI has one page', 'openai', { data: [], has_more: true, last_id: 'a' }, null],
    [
      'Anthropic goes on after its last id',
      'anthropic',
      { data: [], has_more: true, last_id: 'a&b' },
      'after_id=a%26b',
    ],
    ['Anthropic says when it is done', 'anthropic', { data: [], has_more: false, last_id: 'a' }, null],
    ['Anthropic without a last id cannot go on', 'anthropic', { data: [], has_more: true, last_id: null }, null],
    ['Cohere goes on with its token', 'cohere', { models: [], next_page_token: 'a=b' }, 'page_token=a%3Db'],
    ['Cohere ends with an empty token', 'cohere', { models: [], next_page_token: '' }, null],
    ['Cloudflare goes on', 'cloudflare', { success: true, result: [{}], result_info: { page: 2 } }, 'page=3'],
    ['Cloudflare ends empty', 'cloudflare', { success: true, result: [], result_info: { page: 3 } }, null],
    ['Cloudflare has lists of one page', 'cloudflare', { success: true, result: [{}] }, null],
  ]
  test.each(pages)('%s', (_, dialect, body, next) => {
    expect(decodeModelPage(dialect, body).next).toBe(next)
  })
})

test('a model id is a text that fits into a line', () => {
  expect(['@cf/meta/x', 'qwen3:4b', '/models/my model.gguf', 'モデル'].filter(isModelId)).toHaveLength(4)
  expect(['', 'a\r\nb', '\u0085', '\udc00', 'x'.repeat(513), 1, null].filter(isModelId)).toEqual([])
})
