import { describe, expect, test } from 'bun:test'
import { catalog } from '../providers/catalog.ts'
import { configReport } from './config-report.ts'
import { parseEnvFile } from './env-file.ts'
import { loadSettings, SettingsError } from './load.ts'
import { providerSettings } from './provider-settings.ts'
import { rowsOf } from './setting.ts'
import { settings as table } from './settings.ts'

type Values = Readonly<Record<string, string | undefined>>

/** Loads from an environment and the text of a .env file; `files` stands in for the disk. */
function load(environment: Values, envFile = '', files: Values = {}) {
  const readFile = (path: string): string => {
    const text = files[path]
    if (text === undefined) throw new Error(`ENOENT: no such file, open '${path}'`)
    return text
  }
  return loadSettings([{ name: 'environment', values: environment }, parseEnvFile(envFile)], { catalog, readFile })
}

async function problemsOf(...given: Parameters<typeof load>): Promise<readonly string[]> {
  try {
    await load(...given)
    return []
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
}

const sourceOf = async (name: string, ...given: Parameters<typeof load>) =>
  (await load(...given)).effective.find(({ env }) => env === name)

describe('defaults', () => {
  test('are those of the contract when nothing is set', async () => {
    const { settings, warnings } = await load({})
    const port: number = settings.server.port
    const level: 'debug' | 'info' | 'warn' | 'error' | 'silent' = settings.logLevel
    const certificate: string | null = settings.server.tlsCertPath
    expect({ port, level, certificate }).toEqual({ port: 8080, level: 'info', certificate: null })
    expect(settings).toMatchObject({
      isDevelopment: false,
      simulatorEnabled: false,
      logFormat: 'json',
      server: { host: '0.0.0.0', readTimeoutMs: 30_000, maxRequestBodyBytes: 10_485_760, shutdownTimeoutMs: 25_000 },
      client: { responseHeaderTimeoutMs: 600_000, streamIdleTimeoutMs: 300_000, maxStreamDurationMs: 0 },
      models: { allowed: [], disallowed: [], idFormat: 'native', listTtlMs: 300_000 },
      routing: { enabled: false, configPath: null, retryEnabled: true },
    })
    expect(settings.server).toMatchObject({ maxInFlight: 10_000, lameDuckMs: 5000 })
    expect(settings.providers['openai']).toEqual({
      apiUrl: null,
      apiKey: null,
      responseHeaderTimeoutMs: null,
      streamIdleTimeoutMs: null,
    })
    expect(warnings).toEqual([])
  })

  test('change for development', async () => {
    const { settings } = await load({ ENVIRONMENT: 'development' })
    expect(settings).toMatchObject({
      isDevelopment: true,
      simulatorEnabled: true,
      logFormat: 'pretty',
      server: { host: '127.0.0.1', port: 8080 },
    })
    expect((await load({ ENVIRONMENT: 'development', SERVER_HOST: '0.0.0.0' })).settings.server.host).toBe('0.0.0.0')
  })

  test('can be read by their own readers', () => {
    const rows = [...rowsOf(table), ...catalog.flatMap((provider) => rowsOf(providerSettings(provider)))]
    for (const { read, fallback, inDevelopment, otherwise } of rows) {
      for (const text of [fallback, inDevelopment, otherwise]) if (typeof text === 'string') read(text)
    }
  })

  test('have a name of their own each', () => {
    const names = rowsOf(table).flatMap(({ env, alias }) => (alias === undefined ? [env] : [env, alias]))
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('sources', () => {
  test('the environment wins over .env, also through the other name of a setting', async () => {
    expect((await load({ SERVER_PORT: '1' }, 'SERVER_PORT=2')).settings.server.port).toBe(1)
    expect((await load({}, 'SERVER_PORT=2')).settings.server.port).toBe(2)
    expect((await load({ AUTH_ENABLED: 'false' }, 'ENABLE_AUTH=true')).settings.enableAuth).toBe(false)
  })

  test('an empty value is none, and hides the one in .env', async () => {
    expect((await load({ SERVER_PORT: '', ENABLE_AUTH: ' ', CLIENT_TIMEOUT: '' })).settings.server.port).toBe(8080)
    expect((await load({ GROQ_API_KEY: '' }, 'GROQ_API_KEY=key')).settings.providers['groq']?.apiKey).toBeNull()
  })

  test('blanks around a value do not count', async () => {
    expect((await load({ OPENAI_API_KEY: ' key\n' })).settings.providers['openai']?.apiKey?.reveal()).toBe('key')
  })

  test('every value knows where it comes from', async () => {
    const env = { ENVIRONMENT: 'development', SERVER_PORT: '9000', AUTH_ENABLED: 'f' }
    const given = [env, 'LOG_LEVEL=warn'] as const
    expect(await sourceOf('SERVER_PORT', ...given)).toEqual({ env: 'SERVER_PORT', text: '9000', source: 'environment' })
    expect((await sourceOf('ENABLE_AUTH', ...given))?.source).toBe('environment, as AUTH_ENABLED')
    expect((await sourceOf('LOG_LEVEL', ...given))?.source).toBe('.env')
    expect((await sourceOf('SERVER_HOST', ...given))?.source).toBe('default in development')
    expect(await sourceOf('CLIENT_TIMEOUT', ...given)).toEqual({
      env: 'CLIENT_TIMEOUT',
      text: '30s',
      source: 'default',
    })
    expect((await sourceOf('GROQ_API_URL', ...given))?.text).toBe('https://api.groq.com/openai/v1')
  })

  test('two names of a setting may be used as long as they say the same', async () => {
    expect((await load({ ENABLE_AUTH: 'true', AUTH_ENABLED: '1' })).settings.enableAuth).toBe(true)
    expect(await problemsOf({ ENABLE_AUTH: 'true', AUTH_ENABLED: '0' })).toEqual([
      'ENABLE_AUTH="true" and AUTH_ENABLED="0": two names of one setting, expected one of them',
    ])
    expect(await problemsOf({ OIDC_CLIENT_SECRET: 'canary-1', AUTH_OIDC_CLIENT_SECRET: 'canary-2' })).toEqual([
      'OIDC_CLIENT_SECRET=*** and AUTH_OIDC_CLIENT_SECRET=***: two names of one setting, expected one of them',
    ])
    expect(await problemsOf({ OIDC_CLIENT_SECRET: 'canary', AUTH_OIDC_CLIENT_SECRET: 'canary' })).toEqual([])
  })

  test('every newer name reaches its setting', async () => {
    const { settings } = await load({
      TELEMETRY_ENABLED: 'true',
      AUTH_ENABLED: 'true',
      AUTH_OIDC_ISSUER: 'https://id.example.com/',
      AUTH_OIDC_CLIENT_ID: 'me',
      AUTH_OIDC_CLIENT_SECRET: 'mine',
    })
    expect(settings).toMatchObject({ enableTelemetry: true, enableAuth: true })
    expect(settings.oidc).toMatchObject({ issuerUrl: 'https://id.example.com/', clientId: 'me' })
    expect(settings.oidc.clientSecret?.reveal()).toBe('mine')
  })
})

describe('problems', () => {
  test('are told all at once, by name, with what was given and what was expected', async () => {
    const problems = await problemsOf(
      {
        SERVER_PORT: 'abc',
        CLIENT_TIMEOUT: '-1s',
        SERVER_READ_TIMEOUT: '30',
        ENABLE_TELEMETRY: 'yes',
        SERVER_TLS_CERT_PATH: '/cert.pem',
        CLIENT_MAX_IDLE_CONNS: '-1',
        OPENAI_API_URL: 'api.openai.com',
        GATEWAY_CONFIG_PATH: 'gateway.yaml',
      },
      'LOG_LEVEL=loud\nnonsense',
      { 'gateway.yaml': 'providers: 1' },
    )
    expect(problems).toEqual([
      '.env:2: expected NAME=value, with every quote closed',
      'SERVER_PORT="abc": expected a port, 0 to 65535',
      'SERVER_READ_TIMEOUT="30": expected a duration such as 30s, 1m30s or 500ms',
      'CLIENT_TIMEOUT="-1s": must not be negative',
      'CLIENT_MAX_IDLE_CONNS="-1": expected a whole number, 0 or more',
      'ENABLE_TELEMETRY="yes": expected true or false',
      'LOG_LEVEL="loud" in .env: expected debug, info, warn, error or silent',
      'OPENAI_API_URL="api.openai.com": expected a URL that starts with http:// or https://',
      'SERVER_TLS_CERT_PATH and SERVER_TLS_KEY_PATH: expected both or neither',
      'gateway.yaml:1:12: providers: expected a list of providers, each with id and base_url',
    ])
    expect(new SettingsError(problems).message).toStartWith('10 settings are wrong:\n  .env:2:')
  })

  test.each([
    ['a certificate without its key', { SERVER_TLS_CERT_PATH: 'a' }, 'both or neither'],
    ['a key without its certificate', { SERVER_TLS_KEY_PATH: 'a' }, 'both or neither'],
    [
      'authentication without an issuer',
      { ENABLE_AUTH: '1', OIDC_ISSUER_URL: '' },
      'OIDC_ISSUER_URL: expected a value',
    ],
    ['authentication without a client', { ENABLE_AUTH: '1', OIDC_CLIENT_ID: ' ' }, 'OIDC_CLIENT_ID: expected a value'],
    [
      'a file that is not there',
      { GATEWAY_CONFIG_PATH: 'no.yaml' },
      'GATEWAY_CONFIG_PATH: cannot read the file: ENOENT',
    ],
    [
      'a routing file that is not there',
      { ROUTING_ENABLED: 'true', ROUTING_CONFIG_PATH: 'no.yaml' },
      'ROUTING_CONFIG_PATH: cannot read the file: ENOENT',
    ],
    ['routing without a file', { ROUTING_ENABLED: 'true' }, 'ROUTING_CONFIG_PATH: expected a value'],
  ])('name %s', async (_, environment, expected) => {
    const problems = await problemsOf(environment)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(expected)
  })

  test.each([
    ['the word before it', 'Bearer canary', 'expected the key alone'],
    ['quotes around it', '"canary"', 'must not be in quotes'],
    ['one quote', "canary'", 'expected one key without quotes'],
    ['another beside it', 'canary,canary', 'expected one key'],
    ['a comment behind it', 'canary # mine', 'expected one key without quotes'],
  ])('name a key with %s, and do not show it', async (_, key, expected) => {
    expect(await problemsOf({ GROQ_API_KEY: key })).toEqual([expect.stringContaining(`GROQ_API_KEY=***: ${expected}`)])
  })

  test('are none where a provider of one’s own wants more in its header than a key', async () => {
    const files = { 'gw.yaml': 'providers: [{id: mine, base_url: "http://a", auth: {header: authorization}}]' }
    const { settings } = await load({ GATEWAY_CONFIG_PATH: 'gw.yaml', MINE_API_KEY: 'Token a b' }, '', files)
    expect(settings.providers['mine']?.apiKey?.reveal()).toBe('Token a b')
  })

  test('name values in quotes, which would let pass what they were to keep out', async () => {
    expect(await problemsOf({ DISALLOWED_MODELS: '"openai/*"' })).toEqual([
      'DISALLOWED_MODELS="\\"openai/*\\"": must not be in quotes, which count as part of the value here',
    ])
  })

  test('come with the misspelt names that may be why', async () => {
    const error: unknown = await load({ ROUTING_ENABLED: 'true', ROUTING_CONFIG: 'r.yaml' }).catch((error) => error)
    expect(String(error)).toBe(
      `SettingsError: ${[
        'One setting is wrong:',
        '  ROUTING_CONFIG_PATH: expected a value, since ROUTING_ENABLED is true',
        'ROUTING_CONFIG is not a setting and has no effect. Did you mean ROUTING_CONFIG_PATH?',
      ].join('\n')}`,
    )
  })

  test('are none for an issuer under its newer name while the older one is empty', async () => {
    expect(
      await problemsOf({ ENABLE_AUTH: '1', OIDC_ISSUER_URL: '', AUTH_OIDC_ISSUER: 'https://id.example.com' }),
    ).toEqual([])
  })
})

describe('warnings', () => {
  test.each(['production', 'staging', 'test', 'development'])('are none for the environment %s', async (name) => {
    expect((await load({ ENVIRONMENT: name })).warnings).toEqual([])
  })

  test.each([
    [
      'a misspelt setting',
      { SERVER_PROT: '1' },
      'SERVER_PROT is not a setting and has no effect. Did you mean SERVER_PORT?',
    ],
    ['an environment that is almost development: dev', { ENVIRONMENT: 'dev' }, 'ENVIRONMENT=dev counts as production'],
    [
      'an environment that is almost development: develop',
      { ENVIRONMENT: 'develop' },
      'ENVIRONMENT=develop counts as production',
    ],
    [
      'an environment that is almost development: Development',
      { ENVIRONMENT: 'Development' },
      'ENVIRONMENT=Development counts as production',
    ],
    [
      'an environment that is almost development: local',
      { ENVIRONMENT: 'local' },
      'ENVIRONMENT=local counts as production',
    ],
    ['a check that is left out elsewhere', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }, 'certificates are always checked'],
    ['keys for everybody', { GROQ_API_KEY: 'k' }, 'Authentication is off and SERVER_HOST is 0.0.0.0'],
    [
      'an account that was not put in',
      { CLOUDFLARE_API_KEY: 'k', SERVER_HOST: 'localhost' },
      'CLOUDFLARE_API_URL still holds {ACCOUNT_ID}',
    ],
    ['a routing file that is not read', { ROUTING_CONFIG_PATH: 'r.yaml' }, 'ROUTING_ENABLED=true'],
    [
      'tokens of an issuer that nobody chose',
      { ENABLE_AUTH: '1' },
      'OIDC_ISSUER_URL is not set: only tokens of http://keycloak',
    ],
    [
      'a provider where a model is meant',
      { DISALLOWED_MODELS: 'gpt-4o,openai' },
      'DISALLOWED_MODELS: openai stands for a model of that name. Did you mean openai/*',
    ],
    [
      'an address without its path',
      { OLLAMA_API_URL: 'http://localhost:11434' },
      'OLLAMA_API_URL has no path; usually it ends in /v1',
    ],
    [
      'the key of somebody else',
      { OPENAI_API_KEY: 'sk-ant-1', SERVER_HOST: '::1' },
      'begins like a key of anthropic, but is sent to OpenAI',
    ],
    ['telemetry that goes nowhere', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318' }, 'set ENABLE_TELEMETRY'],
    ['the port of gRPC', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4317', ENABLE_TELEMETRY: '1' }, 'usually at 4318'],
    ['tokens in the clear', { ENABLE_AUTH: '1', OIDC_ISSUER_URL: 'http://id.example.com' }, 'without TLS'],
  ])('name %s', async (_, environment, expected) => {
    const { warnings } = await load(environment)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain(expected)
  })

  test('name a key of .env that stands there twice, before all else', async () => {
    const { warnings } = await load({ SERVER_HOST: '::1' }, 'GROQ_API_KEY=a\nGROK=1\nGROQ_API_KEY=b')
    expect(warnings).toEqual([
      '.env:3: GROQ_API_KEY stands in line 1 already: this line counts.',
      'Names in .env that are no settings here: GROK.',
    ])
  })

  test.each([
    ['changeme'],
    ['your-key-here'],
    ['YOUR_API_KEY'],
    ['<your-key>'],
    ['sk-...'],
    ['sk-xxxxxxxx'],
    ['$MY_KEY'],
    ['${OPENAI_API_KEY}'],
  ])('name a key that was never put in, such as %s', async (key) => {
    const { warnings } = await load({ SERVER_HOST: '::1', OPENAI_API_KEY: key })
    expect(warnings).toEqual([expect.stringMatching(/^OPENAI_API_KEY (looks like a placeholder|holds the name)/)])
    expect(warnings.join()).not.toContain(key)
  })

  test.each([
    ['keys on loopback', { GROQ_API_KEY: 'k', SERVER_HOST: '127.0.0.1' }],
    [
      'keys behind authentication',
      { GROQ_API_KEY: 'k', ENABLE_AUTH: 'true', AUTH_OIDC_ISSUER: 'https://id.example.com' },
    ],
    [
      'keys of any form',
      { SERVER_HOST: '::1', GROQ_API_KEY: 'x', OPENAI_API_KEY: 'my-key', OLLAMA_API_KEY: 'sk-no-key-required' },
    ],
    ['a door that was opened', { OIDC_ISSUER_URL: 'https://id.example.com', ENABLE_AUTH: 'false' }],
    ['telemetry that was switched off', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318', ENABLE_TELEMETRY: 'false' }],
    [
      'a key of whoever is at the address',
      { OPENAI_API_KEY: 'sk-or-1', OPENAI_API_URL: 'https://a.example.com/v1', SERVER_HOST: '::1' },
    ],
    ['the address of a provider without a path', { COHERE_API_URL: 'https://cohere.example.com' }],
    ['an issuer beside us', { ENABLE_AUTH: 'true', OIDC_ISSUER_URL: 'http://10.1.2.3:8080/realms/a' }],
    [
      'an account that was put in',
      { CLOUDFLARE_API_KEY: 'k', CLOUDFLARE_API_URL: 'https://h/a/ai', SERVER_HOST: '::1' },
    ],
  ])('leave %s alone', async (_, environment) => {
    expect((await load(environment)).warnings).toEqual([])
  })
})

describe('what is shown', () => {
  const secrets = [...rowsOf(table), ...catalog.flatMap((provider) => rowsOf(providerSettings(provider)))].filter(
    ({ secret }) => secret === true,
  )

  test('never holds a secret, neither in reports nor in messages', async () => {
    const given = Object.fromEntries(secrets.map(({ env }) => [env, `canary-${env}`]))
    const loaded = await load(given)
    expect(configReport(loaded.effective)).not.toContain('canary')
    expect(JSON.stringify({ ...loaded.settings, oidc: { ...loaded.settings.oidc, clientId: '' } })).not.toContain(
      'canary',
    )
    expect(configReport(loaded.effective)).toMatch(/^OPENAI_API_KEY +\*\*\* +environment$/m)
    expect(configReport((await load({})).effective)).toMatch(/^OPENAI_API_KEY +default$/m)

    const broken = Object.fromEntries(secrets.map(({ env }) => [env, `canary\u0001${env}`]))
    expect((await problemsOf(broken)).join('\n')).toContain('OPENAI_API_KEY=***: expected printable ASCII only')
    expect((await problemsOf(broken)).join('\n')).not.toContain('canary')
  })

  test.each([
    'http://user:canary@host/v1',
    'http://canary@host',
    'user:canary@host',
    'http://user:can/canary@host',
    'http://host/v1?key=canary',
    'http://host/#canary',
    'sk-canary0123456789abcdef0123456789',
  ])('hides what may be a credential in %s', async (address) => {
    const problems = (await problemsOf({ OPENAI_API_URL: address })).join('\n')
    expect(problems).toContain('OPENAI_API_URL=')
    expect(problems).not.toContain('canary')
  })
})

describe('settings', () => {
  test('cannot be changed', async () => {
    const { settings } = await load({ ALLOWED_MODELS: 'a' })
    const parts = [settings, settings.server, settings.models.allowed, settings.providers, settings.providers['groq']]
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true)
  })

  test('hold the providers of the configuration file, with their own variables', async () => {
    const files = {
      'gw.yaml': 'providers: [{id: my-vllm, base_url: "http://h/v1"}, {id: b, base_url: "http://b", key_env: B}]',
    }
    const environment = {
      GATEWAY_CONFIG_PATH: 'gw.yaml',
      MY_VLLM_API_URL: 'http://other/v1/',
      B: 'key',
      SERVER_HOST: '127.0.0.1',
    }
    const { settings, customProviders, warnings, effective } = await load(environment, '', files)
    expect(customProviders.map(({ id }) => id)).toEqual(['my-vllm', 'b'])
    expect(settings.providers['my-vllm']).toMatchObject({ apiUrl: 'http://other/v1', apiKey: null })
    expect(settings.providers['b']?.apiKey?.reveal()).toBe('key')
    expect(effective.find(({ env }) => env === 'B_API_URL')?.text).toBe('http://b')
    expect(warnings).toEqual([])
  })

  test('hold limits for a provider alone, built-in or not', async () => {
    const files = { 'gw.yaml': 'providers: [{id: my-vllm, base_url: "http://h/v1"}]' }
    const { providers } = (
      await load(
        { GATEWAY_CONFIG_PATH: 'gw.yaml', GROQ_STREAM_IDLE_TIMEOUT: '1m', MY_VLLM_RESPONSE_HEADER_TIMEOUT: '20m' },
        '',
        files,
      )
    ).settings
    expect(providers['groq']).toMatchObject({ responseHeaderTimeoutMs: null, streamIdleTimeoutMs: 60_000 })
    expect(providers['my-vllm']).toMatchObject({ responseHeaderTimeoutMs: 1_200_000, streamIdleTimeoutMs: null })
  })
})

describe('models', () => {
  const route = (provider: string) => `{deployments: [{provider: ${provider}, model: m}]}`
  const files = {
    'gw.yaml': `providers: [{id: mine, base_url: "http://a"}]\nmodels: {one: ${route('groq')}}`,
    'own.yaml': `models: {two: ${route('mine')}}`,
    'twice.yaml': `models: {one: ${route('openai')}}`,
    'wrong.yaml': `models: {three: ${route('nobody-here')}}`,
    'other.yaml': 'providers: []',
  }
  const routing = (path: string, enabled = 'true') => ({
    GATEWAY_CONFIG_PATH: 'gw.yaml',
    ROUTING_CONFIG_PATH: path,
    ROUTING_ENABLED: enabled,
  })

  test('come from both files, and may use the providers of the one', async () => {
    const namesOf = async (environment: Values) => [...(await load(environment, '', files)).models.keys()]
    expect(await namesOf(routing('own.yaml'))).toEqual(['one', 'two'])
    expect(await namesOf({ GATEWAY_CONFIG_PATH: 'gw.yaml', ROUTING_ENABLED: 'true' })).toEqual(['one'])
  })

  test('of the routing file are left alone until routing is switched on', async () => {
    expect([...(await load(routing('wrong.yaml', 'false'), '', files)).models.keys()]).toEqual(['one'])
  })

  test.each([
    [
      'a name in both files',
      'twice.yaml',
      'twice.yaml: models.one: stands in GATEWAY_CONFIG_PATH as well; expected it in one',
    ],
    [
      'a provider nobody knows',
      'wrong.yaml',
      'wrong.yaml:1:43: models.three.deployments.0.provider: no provider has this id',
    ],
    ['a section that is not for it', 'other.yaml', 'other.yaml:1:1: providers: unknown key providers'],
  ])('are refused for %s', async (_, path, expected) => {
    const problems = await problemsOf(routing(path), '', files)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toStartWith(expected)
  })
})
