import { describe, expect, test } from 'bun:test'
import { parseRoutingFile } from './routing-file.ts'

const ids = new Set(['openai', 'groq', 'anthropic'])
const parse = (text: string) => parseRoutingFile(text, 'routing.yaml', ids)
const route = (rest: string): string =>
  `models:\n  fast:\n    deployments: [{provider: groq, model: llama}]\n    ${rest}`
const deployed = (entries: string): string => `models:\n  fast:\n    deployments: [${entries}]`

const unsaid = {
  maxAttempts: undefined,
  baseDelayMs: undefined,
  maxDelayMs: undefined,
  budgetMs: undefined,
  firstTokenTimeoutMs: undefined,
  responseHeaderTimeoutMs: undefined,
}

describe('a model', () => {
  test('needs no more than one deployment', () => {
    const { models, problems } = parse(route(''))
    expect(problems).toEqual([])
    expect([...models]).toEqual([
      ['fast', { strategy: 'round_robin', deployments: [{ provider: 'groq', model: 'llama' }], retry: unsaid }],
    ])
  })

  test('may say how it is tried', () => {
    const { models, problems } = parse(`
      models:
        smart:
          strategy: weighted
          deployments:
            - {provider: openai, model: gpt-4o, weight: 3}
            - {provider: anthropic, model: claude, weight: 0}
          retry:
            {attempts: 4, base_delay: 250ms, max_delay: 1m, budget: 0, first_token_timeout: 20s, response_header_timeout: 90s}
    `)
    expect(problems).toEqual([])
    expect(models.get('smart')).toEqual({
      strategy: 'weighted',
      deployments: [
        { provider: 'openai', model: 'gpt-4o', weight: 3 },
        { provider: 'anthropic', model: 'claude', weight: 0 },
      ],
      retry: {
        maxAttempts: 4,
        baseDelayMs: 250,
        maxDelayMs: 60_000,
        budgetMs: 0,
        firstTokenTimeoutMs: 20_000,
        responseHeaderTimeoutMs: 90_000,
      },
    })
  })

  test('has no limit to the head of an answer when that is 0, whatever its provider has', () => {
    const { models } = parse(route('retry: {response_header_timeout: 0}'))
    expect(models.get('fast')?.retry.responseHeaderTimeoutMs).toBe(0)
  })

  test('has no limit to its first token when that is 0', () => {
    expect(parse(route('retry: {first_token_timeout: 0}')).models.get('fast')?.retry).toEqual(unsaid)
  })

  test.each(['fast', 'team/fast', '__proto__', 'gpt-4o'])('may be called %s', (alias) => {
    const { models, problems } = parse(`models: {${alias}: {deployments: [{provider: groq, model: m}]}}`)
    expect(problems).toEqual([])
    expect([...models.keys()]).toEqual([alias])
  })

  test.each([
    ['no deployments', 'models: {fast: {strategy: weighted}}', '1:16: models.fast: deployments is missing'],
    ['an empty list', deployed(''), '3:18: models.fast.deployments: expected at least one deployment'],
    ['a text', 'models: {fast: groq/llama}', '1:16: models.fast: expected a map with strategy'],
    ['an unknown strategy', route('strategy: random'), '4:15: models.fast.strategy: expected round_robin'],
    ['an unknown key', route('retrys: 3'), '4:5: models.fast.retrys: unknown key retrys; did you mean retry?'],
    [
      'a misspelt provider',
      deployed('{provider: grok, model: m}'),
      '3:30: models.fast.deployments.0.provider: no provider has this id; did you mean groq?',
    ],
    [
      'an unknown provider',
      deployed('{provider: nobody, model: m}'),
      'no provider has this id; expected openai, groq, anthropic',
    ],
    [
      'a number for a provider',
      deployed('{provider: 1, model: m}'),
      '3:30: models.fast.deployments.0.provider: expected the id',
    ],
    ['no model', deployed('{provider: groq}'), '3:19: models.fast.deployments.0: model is missing'],
    [
      'a number for a model',
      deployed('{provider: groq, model: 4}'),
      'deployments.0.model: expected the name of a model',
    ],
    [
      'a negative weight',
      deployed('{provider: groq, model: m, weight: -1}'),
      '3:54: models.fast.deployments.0.weight: expected a whole',
    ],
    [
      'a deployment twice',
      deployed('{provider: groq, model: m}, {provider: groq, model: m}'),
      '3:47: models.fast.deployments.1: groq/m stands above already',
    ],
    [
      'no attempt',
      route('retry: {attempts: 0}'),
      '4:23: models.fast.retry.attempts: expected a whole number, 1 to 100',
    ],
    [
      'a time without its unit',
      route('retry: {base_delay: 5}'),
      '4:25: models.fast.retry.base_delay: expected a duration such as 30s',
    ],
    [
      'no time at all',
      route('retry: {budget: [1s]}'),
      '4:21: models.fast.retry.budget: expected a duration such as 30s',
    ],
    ['a number for a word', route('strategy: 1'), '4:15: models.fast.strategy: expected round_robin, weighted'],
    ['a time in words', route('retry: {budget: soon}'), '4:21: models.fast.retry.budget: expected a duration'],
    [
      'a name that a provider hides',
      'models: {groq/llama: {deployments: [{provider: groq, model: m}]}}',
      '1:10: models.groq/llama: never reached',
    ],
    [
      'a name with blanks',
      'models: {"a b": {deployments: [{provider: groq, model: m}]}}',
      '1:10: models.a b: expected a name without',
    ],
    ['another section', 'providers: []', '1:1: providers: unknown key providers; expected models'],
    ['a list of models', 'models: [fast]', '1:9: models: expected a map of model names of your own'],
    ['a list', '- fast', '1:1: expected a map with models'],
    ['broken YAML', 'models: {', '1:10: '],
  ])('is refused for %s, with its place', (_, text, expected) => {
    const { problems } = parse(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toStartWith('routing.yaml:')
    expect(problems[0]).toContain(expected)
  })

  test('tells all its problems at once', () => {
    const { problems } = parse(`
models:
  one: {strategy: none, deployments: [{provider: grok, model: m}]}
  two: {deployments: [{provider: groq, modell: m}], retry: {attempts: many}}
`)
    expect(problems.map((problem) => /:(\d+:\d+):/.exec(problem)?.[1])).toEqual([
      '3:19',
      '3:50',
      '4:40',
      '4:23',
      '4:71',
    ])
  })
})

test.each(['', '# nothing', 'models:', 'models: {}'])('a file may be %p', (text) => {
  expect(parse(text)).toEqual({ models: new Map(), problems: [] })
})
