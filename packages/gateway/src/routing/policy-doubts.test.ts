import { expect, test } from 'bun:test'
import { createModelPolicy } from './model-policy.ts'
import { policyDoubts } from './policy-doubts.ts'

const model = (served_by: string, id: string) => ({ id, object: 'model' as const, created: 0, owned_by: '', served_by })
const listed = [model('openai', 'gpt-4o'), model('groq', 'llama-3.3-70b'), model('openrouter', 'mistralai/mistral-7b')]
const routes = new Map([
  ['fast', { deployments: [{ provider: 'groq', model: 'unlisted' }] }],
  ['elsewhere', { deployments: [{ provider: 'mistral', model: 'small' }] }],
])

function doubtsOf(entry: string, { models = listed, unread = [] as readonly string[] } = {}) {
  const providers = new Set(['openai', 'groq', 'openrouter', 'mistral', 'anthropic'])
  return policyDoubts({
    policy: createModelPolicy({ allowed: [], disallowed: [entry], providers }),
    directory: { list: async () => models, unread: () => unread },
    routes,
    providers,
    configured: new Set(['openai', 'groq', 'openrouter']),
    priceOf: (provider, name) => (`${provider}/${name}` === 'groq/priced' ? { input: 1, output: 1 } : null),
  })
}

test.each([
  'gpt-4o',
  'GPT-4o',
  'openai/gpt-4o',
  'groq/*',
  'mistralai/*',
  'fast',
  'fa*',
  'groq/unlisted',
  'unlisted',
  'priced',
  'groq/priced',
  // What Mistral and Anthropic have nobody knows here.
  'mistral/large',
  'anthropic/*',
])('nothing is said of %s', async (entry) => {
  expect(await doubtsOf(entry)).toEqual([])
})

test.each([
  ['opnai/gpt-4o', ' Did you mean openai/gpt-4o?'],
  ['fst', ' Did you mean fast?'],
  ['openai/gpt-4', ' Did you mean openai/gpt-4o?'],
  ['openai/priced', ' Did you mean openai/*?'],
  ['antropic/claude', ' Did you mean anthropic/*?'],
  ['qqq', ''],
])('%s means nothing known', async (entry, hint) => {
  const said = `ALLOWED_MODELS, DISALLOWED_MODELS: no model here is called ${entry}.${hint}`
  expect(await doubtsOf(entry)).toEqual([said])
})

test('lists that could not be read are named, and where none could nothing is said', async () => {
  const [doubt] = await doubtsOf('qqq', { unread: ['openrouter'] })
  expect(doubt).toEndWith('so it may be theirs: openrouter.')
  expect(await doubtsOf('qqq', { models: [], unread: ['openai', 'groq', 'openrouter'] })).toEqual([])
})
