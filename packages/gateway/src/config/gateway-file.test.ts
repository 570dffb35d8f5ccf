import { describe, expect, test } from 'bun:test'
import { catalog } from '../providers/catalog.ts'
import type { Provider } from '../providers/provider.ts'
import { parseGatewayFile } from './gateway-file.ts'

const parse = (text: string) => parseGatewayFile(text, 'gw.yaml', catalog)
const entry = (rest: string): string => `providers:\n  - id: a\n    base_url: http://a\n    ${rest}`

describe('a provider of the file', () => {
  test('needs no more than an id and a base URL', () => {
    const { providers, problems } = parse('providers:\n  - id: my-vllm\n    base_url: http://10.0.0.5:8000/v1/\n')
    const rows: readonly Provider[] = providers // fits beside the catalog's
    expect(problems).toEqual([])
    expect(rows).toEqual([
      {
        id: 'my-vllm',
        name: 'my-vllm',
        baseUrl: 'http://10.0.0.5:8000/v1',
        auth: { kind: 'bearer' },
        keyEnv: 'MY_VLLM_API_KEY',
        operations: {
          models: { dialect: 'openai', endpoints: [{ path: '/models' }] },
          chat: { path: '/chat/completions' },
        },
      },
    ])
  })

  test('may say everything a row of the catalog says', () => {
    const { providers, problems } = parse(`
      providers:
        - id: acme
          name: Acme
          base_url: https://llm.example.com
          auth: {header: x-api-key}
          key_env: ACME_KEY
          headers: {x-team: research, x-version: "2"}
          models_path: /v2/models?all=1
          chat_path: /v2/chat
          quirks:
            drop: [logit_bias]
            rename: {max_completion_tokens: max_tokens}
            stream_options: false
    `)
    expect(problems).toEqual([])
    expect(providers).toEqual([
      {
        id: 'acme',
        name: 'Acme',
        baseUrl: 'https://llm.example.com',
        auth: { kind: 'xheader', name: 'x-api-key' },
        keyEnv: 'ACME_KEY',
        headers: { 'x-team': 'research', 'x-version': '2' },
        operations: {
          models: { dialect: 'openai', endpoints: [{ path: '/v2/models?all=1' }] },
          chat: { path: '/v2/chat' },
        },
        quirks: {
          drop: ['logit_bias'],
          rename: [{ from: 'max_completion_tokens', to: 'max_tokens' }],
          streamOptions: false,
        },
      },
    ])
  })

  test.each([
    ['none', { kind: 'none' }],
    ['bearer', { kind: 'bearer' }],
    ['{header: authorization}', { kind: 'xheader', name: 'authorization' }],
    ['{query: key}', { kind: 'query', name: 'key' }],
  ])('sends its key by %s', (auth, expected) => {
    expect(parse(entry(`auth: ${auth}`)).providers[0]?.auth).toEqual(expected as never)
  })

  test.each([
    ['an id in capitals', 'providers: [{id: A, base_url: "http://a"}]', '1:18: providers.0.id: expected lower-case'],
    ['no id', 'providers: [{base_url: "http://a"}]', '1:13: providers.0: id is missing'],
    ['no base URL', 'providers: [{id: a, base_url: }]', '1:13: providers.0: base_url is missing'],
    ['a base URL with a password', 'providers: [{id: a, base_url: "http://u:canary@a"}]', 'must hold no user name'],
    [
      'a built-in id',
      'providers: [{id: groq, base_url: "http://a"}]',
      'groq is built in. Set GROQ_API_URL and GROQ_API_KEY',
    ],
    ['the simulator', 'providers: [{id: simulator, base_url: "http://a"}]', 'simulator is built in'],
    [
      'the same id twice',
      'providers: [{id: a, base_url: "http://a"}, {id: a, base_url: "http://b"}]',
      '1:49: providers.1.id: there is a provider a above',
    ],
    [
      'an id with the variables of another',
      'providers: [{id: ollama-cloud, base_url: "http://a"}]',
      'ollama-cloud would share its variables with ollama_cloud',
    ],
    ['an unknown key', entry('heders: {}'), '4:5: providers.0.heders: unknown key heders; did you mean headers?'],
    [
      'a key in the file',
      entry('key: canary'),
      '4:5: providers.0.key: unknown key key; a key never stands in this file',
    ],
    ['a key under its usual name', entry('api_key: canary'), 'such as key_env: MY_KEY'],
    ['an unknown quirk', entry('quirks: {xyz: 1}'), '4:14: providers.0.quirks.xyz: unknown key xyz; expected drop'],
    ['an unknown auth', entry('auth: basic'), '4:11: providers.0.auth: expected none, bearer, {header: name}'],
    ['a header the client owns', entry('headers: {Host: a}'), '4:15: providers.0.headers.Host: expected the name'],
    [
      'a key in a header',
      entry('headers: {Authorization: Bearer canary}'),
      '4:15: providers.0.headers.Authorization: a key never stands in this file',
    ],
    ['a header with a line break', entry('headers: {a: "canary\\nb"}'), '4:18: providers.0.headers.a: expected text'],
    ['a number as a header', entry('headers: {a: 1}'), '4:18: providers.0.headers.a: expected text in printable ASCII'],
    ['a path without its slash', entry('chat_path: chat'), '4:16: providers.0.chat_path: expected a path'],
    ['a path that climbs', entry('chat_path: /../admin'), '4:16: providers.0.chat_path: expected a path'],
    [
      'a word for a flag',
      entry('quirks: {stream_options: no}'),
      '4:30: providers.0.quirks.stream_options: expected true',
    ],
    [
      'a key instead of its variable',
      entry('key_env: sk-canary'),
      '4:14: providers.0.key_env: expected the name of an',
    ],
    [
      'a text for a list',
      entry('quirks: {drop: seed}'),
      '4:20: providers.0.quirks.drop: expected a list of request fields, such as',
    ],
    ['a list for a map', entry('headers: [a]'), '4:14: providers.0.headers: expected a map of headers, such as'],
    ['a text for a provider', 'providers:\n  - openai', '2:5: providers.0: expected a map with id, name'],
  ])('is refused for %s, with its place and without what may be a credential', (_, text, expected) => {
    const { problems } = parse(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toStartWith('gw.yaml:')
    expect(problems[0]).toContain(expected)
    expect(problems[0]).not.toContain('canary')
  })
})

describe('the file', () => {
  test.each(['', '# nothing yet\n', 'providers:\n', 'providers: []', '---\nproviders: []\n'])('may be %p', (text) => {
    expect(parse(text)).toEqual({ providers: [], models: new Map(), problems: [] })
  })

  test.each([
    ['an unknown section', 'provider: []', '1:1: provider: unknown key provider; did you mean providers?'],
    [
      'a tab, and not what follows from it',
      'models:\n  a:\n    deployments:\n\t- a',
      '4:1: Tabs are not allowed as indentation',
    ],
    ['something else than a map', '- a', '1:1: expected a map with providers, models'],
    ['a key twice', 'models: {}\nmodels: {}', '2:1: Map keys must be unique'],
    ['an open bracket', 'providers: [', '1:13: '],
    ['a tab as indentation', 'models:\n\ta: 1', '2:1: '],
    ['two documents', 'models: 1\n---\nmodels: 2', '2:1: '],
    ['a custom tag', 'models: !ruby/object {}', '1:9: Unresolved tag'],
    ['a tag of another schema', 'models: !!set {}', '1:9: Unresolved tag'],
    ['an alias to nothing', 'models: *a', 'Unresolved alias'],
    ['a list as a key', 'models: {[a]: 1}', '1:10: '],
    ['a quote that is never closed', 'models: "canary', '1:16: '],
    ['a merge key', 'providers: [{<<: {id: a}, id: b, base_url: "http://b"}]', '1:14: providers.0.<<: unknown key <<'],
  ])('is refused for %s', (_, text, expected) => {
    const { problems } = parse(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toStartWith('gw.yaml:')
    expect(problems[0]).toContain(expected)
    expect(problems[0]).not.toContain('canary')
  })

  test('is refused when aliases blow it up', () => {
    const levels = Array.from({ length: 9 }, (_, n) => `  l${n + 1}: &l${n + 1} [${`*l${n},`.repeat(9)}]`)
    const { problems } = parse(['models:', '  l0: &l0 [a]', ...levels].join('\n'))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain('alias')
  })

  test('may repeat itself by aliases, and problems point to where the value stands', () => {
    const anchored =
      'providers:\n  - {id: a, base_url: "http://a", quirks: &q {drop: [1]}}\n' +
      '  - {id: b, base_url: "http://b", quirks: *q}'
    expect(parse(anchored.replace('[1]', '[seed]')).providers[1]?.quirks).toEqual({ drop: ['seed'] })
    expect(parse(anchored).problems).toEqual([
      'gw.yaml:2:54: providers.0.quirks.drop.0: expected the name of a request field',
      'gw.yaml:2:54: providers.1.quirks.drop.0: expected the name of a request field',
    ])
  })

  test('tells all its problems at once, those of the syntax too where the rest is sound', () => {
    const { problems } = parse(
      'provider: 1\nproviders:\n  - {id: A, id: B, base_url: ftp://a}\n  - {id: openai, base_url: !x a}\n',
    )
    expect(problems.map((problem) => /^gw\.yaml:\d+:\d+/.exec(problem)?.[0])).toEqual([
      'gw.yaml:3:13',
      'gw.yaml:4:28',
      'gw.yaml:1:1',
      'gw.yaml:3:10',
      'gw.yaml:3:30',
      'gw.yaml:4:31',
    ])
  })

  test('may route models to its own providers, the built-in ones and the simulator', () => {
    const { models, problems } = parse(
      'models:\n  fast:\n    deployments:\n' +
        '      - {provider: mine, model: m}\n      - {provider: groq, model: llama}\n' +
        '      - {provider: simulator, model: chat}\n' +
        'providers: [{id: mine, base_url: "http://a"}]',
    )
    expect(problems).toEqual([])
    expect(models.get('fast')?.deployments.map(({ provider }) => provider)).toEqual(['mine', 'groq', 'simulator'])
  })

  test('tells what is wrong with its models beside the rest, with its place', () => {
    expect(parse('models: {fast: {deployments: [{provider: grok, model: m}]}}\nproviders: 1').problems).toEqual([
      'gw.yaml:2:12: providers: expected a list of providers, each with id and base_url',
      'gw.yaml:1:42: models.fast.deployments.0.provider: no provider has this id; did you mean groq?',
    ])
  })
})
