import { describe, expect, test } from 'bun:test'
import { catalog } from '../providers/catalog.ts'
import { parseEnvFile } from './env-file.ts'
import { providerSettings } from './provider-settings.ts'
import { rowsOf } from './setting.ts'
import { settings } from './settings.ts'
import { unknownNames } from './unknown-names.ts'

const rows = rowsOf({ ...settings, ...Object.fromEntries(catalog.map((row) => [row.id, providerSettings(row)])) })

const inEnvironment = (values: Readonly<Record<string, string>>) =>
  unknownNames([{ name: 'environment', values }], rows)
const inFile = (text: string) => unknownNames([{ name: 'environment', values: {} }, parseEnvFile(text)], rows)

/** What is asked of a name, wherever it stands. */
const questionsFor = (name: string) => [inEnvironment({ [name]: 'x' }), inFile(`${name}=x`)]

describe('a name that sets nothing', () => {
  const cases = [
    ['another inflection', 'ALLOW_MODELS', 'ALLOWED_MODELS'],
    ['another order', 'MODELS_ALLOWED', 'ALLOWED_MODELS'],
    ['both', 'PRICE_PATH', 'PRICES_PATH'],
    ['a word of the same meaning', 'BLOCKED_MODELS', 'DISALLOWED_MODELS'],
    ['another', 'DENIED_MODELS', 'DISALLOWED_MODELS'],
    ['another still', 'MODEL_ALLOWLIST', 'ALLOWED_MODELS'],
    ['a longer word', 'ENABLE_AUTHENTICATION', 'ENABLE_AUTH'],
    ['a stronger word', 'REQUIRE_AUTH', 'ENABLE_AUTH'],
    ['the newer name, turned around', 'AUTHENTICATION_ENABLED', 'ENABLE_AUTH'],
    ['its end cut off', 'OIDC_ISSUER', 'OIDC_ISSUER_URL'],
    ['its end cut off, again', 'GATEWAY_CONFIG', 'GATEWAY_CONFIG_PATH'],
    ['a file for a path', 'GATEWAY_CONFIG_FILE', 'GATEWAY_CONFIG_PATH'],
    ['a word left out', 'OPENAI_KEY', 'OPENAI_API_KEY'],
    ['a token for a key', 'GROQ_TOKEN', 'GROQ_API_KEY'],
    ['a file of it', 'OPENAI_API_KEY_FILE', 'OPENAI_API_KEY'],
    ['a unit behind it', 'SERVER_READ_TIMEOUT_MS', 'SERVER_READ_TIMEOUT'],
    ['a word in the middle', 'CORS_ORIGIN', 'CORS_ALLOWED_ORIGINS'],
    ['letters that were swapped', 'LOG_LEVLE', 'LOG_LEVEL'],
    ['no underscore', 'OPENAI_APIKEY', 'OPENAI_API_KEY'],
    ['small letters', 'openai_api_key', 'OPENAI_API_KEY'],
    ['its usual name elsewhere', 'GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    ['a shorter one', 'CO_API_KEY', 'COHERE_API_KEY'],
    ['the word that stands in tokens', 'OIDC_AUDIENCE', 'OIDC_CLIENT_ID'],
    ['a slip in a name of OpenTelemetry', 'OTEL_SERVICE_NMAE', 'OTEL_SERVICE_NAME'],
    [
      'what there are several of',
      'SERVER_TIMEOUT',
      'SERVER_READ_TIMEOUT, SERVER_WRITE_TIMEOUT, SERVER_IDLE_TIMEOUT or SERVER_SHUTDOWN_TIMEOUT',
    ],
  ] as const
  test.each(cases)('is pointed at: %s', (_, name, meant) => {
    expect(questionsFor(name)).toEqual([
      [`${name} is not a setting and has no effect. Did you mean ${meant}?`],
      [`${name} in .env is not a setting and has no effect. Did you mean ${meant}?`],
    ])
  })

  test.each([
    ['the switch of another runtime', 'NODE_ENV', ' Did you mean ENVIRONMENT?'],
    ['where Ollama listens', 'OLLAMA_HOST', ' Did you mean OLLAMA_API_URL?'],
    ['the address as clients call it', 'OPENAI_BASE_URL', ' Did you mean OPENAI_API_URL?'],
    ['a name without the first word of ours', 'CLIENT_ID', ' Did you mean OIDC_CLIENT_ID?'],
  ])('is told in .env only: %s', (_, name, question) => {
    expect(questionsFor(name)).toEqual([[], [`${name} in .env is not a setting and has no effect.${question}`]])
  })

  test('is told in .env in one line with all that are like nothing', () => {
    expect(inFile('API_KEY=x\nOPENAI_KEY=x\nPOSTGRES_PASSWORD=x\nNODE_OPTIONS=x')).toEqual([
      'OPENAI_KEY in .env is not a setting and has no effect. Did you mean OPENAI_API_KEY?',
      'Names in .env that are no settings here: API_KEY, POSTGRES_PASSWORD, NODE_OPTIONS.',
    ])
    expect(inEnvironment({ API_KEY: 'x', RATE_LIMIT: 'x', NODE_OPTIONS: 'x' })).toEqual([])
  })

  test('is left alone while it is empty, or another one where ours is set as well', () => {
    expect(inEnvironment({ ALLOW_MODELS: '', GEMINI_API_KEY: ' ' })).toEqual([])
    expect(inEnvironment({ GEMINI_API_KEY: 'k', GOOGLE_API_KEY: 'k' })).toEqual([])
    expect(inEnvironment({ GEMINI_API_KEY: 'k', GOOGLE_API_KEY: '' })).toHaveLength(1)
    expect(inEnvironment({ PORT: '1' })).toEqual(['PORT is not read here: SERVER_PORT sets the port.'])
    expect(inEnvironment({ PORT: '1', SERVER_PORT: '8080' })).toEqual([])
  })
})

describe('nothing is said of', () => {
  test.each([
    ['settings', { SERVER_PORT: '1', AUTH_ENABLED: 'true', http_proxy: 'http://proxy', GROQ_API_KEY: 'k' }],
    [
      'clients in the same shell',
      { OPENAI_BASE_URL: 'https://gateway.example.com/v1', ANTHROPIC_BASE_URL: 'http://gateway', OPENAI_API_BASE: 'u' },
    ],
    [
      'what clients of OpenAI read',
      { OPENAI_ORG_ID: 'o', OPENAI_PROJECT_ID: 'p', OPENAI_MODEL: 'm', OPENAI_LOG: 'info' },
    ],
    [
      'what clients of Anthropic read',
      { ANTHROPIC_AUTH_TOKEN: 't', ANTHROPIC_MODEL: 'm', ANTHROPIC_CUSTOM_HEADERS: 'a: b' },
    ],
    ['our own client', { INFERENCE_GATEWAY_URL: 'http://localhost:8080', INFERENCE_GATEWAY_API_KEY: 'k' }],
    ['Azure', { AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://a.example.com', AZURE_CLIENT_ID: 'a' }],
    [
      'Ollama itself',
      { OLLAMA_HOST: '0.0.0.0', OLLAMA_MODELS: '/models', OLLAMA_ORIGINS: '*', OLLAMA_KEEP_ALIVE: '5m' },
    ],
    ['a machine with a GPU', { NVIDIA_VISIBLE_DEVICES: 'all', NVIDIA_DRIVER_CAPABILITIES: 'compute,utility' }],
    ['Google’s tools', { GOOGLE_CLOUD_PROJECT: 'p', GOOGLE_APPLICATION_CREDENTIALS: 'f', GOOGLE_CLOUD_LOCATION: 'l' }],
    [
      'services of Kubernetes',
      {
        OPENAI_PORT: 'tcp://10.0.0.1:8080',
        OPENAI_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
        OPENAI_PORT_8080_TCP_ADDR: '10.0.0.1',
        OPENAI_SERVICE_HOST: '10.0.0.1',
        OPENAI_SERVICE_PORT: '8080',
        OLLAMA_API_PORT: 'tcp://10.0.0.1:8080',
        OLLAMA_API_SERVICE_PORT_HTTP: '80',
        SERVER_SERVICE_HOST: '10.0.0.1',
        GATEWAY_PORT_80_TCP_PROTO: 'tcp',
        KUBERNETES_SERVICE_HOST: '10.0.0.1',
      },
    ],
    [
      'continuous integration',
      {
        CI: 'true',
        CI_SERVER_HOST: 'a',
        CI_SERVER_PORT: '443',
        CI_SERVER_TLS_CA_FILE: 'f',
        CI_API_V4_URL: 'https://a',
        GITHUB_API_URL: 'https://a',
        GITHUB_SERVER_URL: 'https://a',
        GITHUB_TOKEN: 't',
        RUNNER_ENVIRONMENT: 'x',
        RENDER_SERVICE_NAME: 'x',
      },
    ],
    [
      'OpenTelemetry',
      {
        OTEL_METRICS_EXPORTER: 'otlp',
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_HEADERS: 'a=b',
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'a=b',
        OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc',
        OTEL_METRIC_EXPORT_TIMEOUT: '1',
        OTEL_BSP_SCHEDULE_DELAY: '1',
      },
    ],
    [
      'the shell and its tools',
      {
        PATH: '/bin',
        HOME: '/root',
        HOST: 'h',
        LOGNAME: 'me',
        TZ: 'UTC',
        NODE_ENV: 'production',
        NODE_OPTIONS: '--x',
        NODE_EXTRA_CA_CERTS: '/ca',
        SSL_CERT_FILE: '/ca',
        NO_COLOR: '1',
        npm_config_loglevel: 'warn',
        npm_config_https_proxy: 'http://proxy',
        npm_lifecycle_script: 'x',
        ALL_PROXY: 'http://proxy',
        HTTP_PROXY_USER: 'me',
        RUST_LOG: 'debug',
        CLAUDE_CODE_ENABLE_TELEMETRY: '1',
        toString: 'x',
      },
    ],
    [
      'other applications',
      { SERVER_NAME: 'a', SERVICE_NAME: 'a', MODEL_PATH: '/m', JWT_SECRET: 's', API_URL: 'u', DB_HOST: 'h' },
    ],
    [
      'what shares words with ours',
      {
        GOOGLE_CLIENT_SECRET: 's',
        AUTH_SECRET: 's',
        OIDC_TOKEN: 't',
        TELEMETRY_DISABLED: '1',
        CLIENT_HOST: 'h',
        MODEL_ID: 'm',
        LOG_LEVEL_ROOT: 'INFO',
      },
    ],
    [
      'what resembles settings that are given',
      { OPENAI_API_KEY: 'k', OPENAI_API_URL: 'https://a', OPENAI_ADMIN_KEY: 'k', OPENAI_TOKEN: 't', OPENAI_URL: 'u' },
    ],
  ])('%s', (_, values) => expect(inEnvironment(values)).toEqual([]))

  test('what Docker, OpenTelemetry and our own clients read of the same file', () => {
    expect(
      inFile('COMPOSE_PROJECT_NAME=a\nDOCKER_HOST=b\nOTEL_EXPORTER_OTLP_HEADERS=c\nINFERENCE_GATEWAY_URL=d'),
    ).toEqual([])
  })
})
