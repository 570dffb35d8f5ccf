import { clientSettings, serverSettings } from './network-settings.ts'
import { bool, duration, issuerUrl, list, modelNames, oneOf, path, secret, text } from './readers.ts'
import { telemetrySettings } from './telemetry-settings.ts'
import type { SettingGroup, SettingTable, ValuesOf } from './setting.ts'

const general = {
  applicationName: {
    env: 'APPLICATION_NAME',
    read: text,
    fallback: 'inference-gateway',
    about: 'Name of this deployment in logs, telemetry and `via`. Gateways that ask each other need different ones.',
  },
  environment: {
    env: 'ENVIRONMENT',
    read: text,
    fallback: 'production',
    about: '`development` listens on loopback only, switches the simulator on and makes the log pleasant to read.',
  },
  strict: {
    env: 'STRICT',
    read: bool,
    fallback: 'false',
    about: 'Refuses to start where provider keys lie behind an open door: no authentication, and not only on loopback.',
  },
  gatewayConfigPath: {
    env: 'GATEWAY_CONFIG_PATH',
    read: path,
    fallback: null,
    about: 'YAML file with providers and model names of your own.',
  },
  simulatorEnabled: {
    env: 'SIMULATOR_ENABLED',
    read: bool,
    fallback: 'false',
    inDevelopment: 'true',
    about: 'Offers the built-in provider `simulator`, which answers without a key, a model or a network.',
  },
  errorFormat: {
    env: 'ERROR_FORMAT',
    read: oneOf('auto', 'gateway', 'openai'),
    fallback: 'auto',
    about:
      "`gateway` writes `error` as a string, `openai` as OpenAI's object, `auto` as the client's SDK expects it. " +
      'Set it for a client that cannot be told by its headers.',
  },
  dialects: {
    anthropic: {
      env: 'ANTHROPIC_DIALECT',
      read: oneOf('openai', 'messages'),
      fallback: 'openai',
      about:
        'How Anthropic is asked for chat completions: at its OpenAI-compatible endpoint, or in its own Messages, ' +
        'with thinking, prompt caching and structured output.',
    },
    cohere: {
      env: 'COHERE_DIALECT',
      read: oneOf('openai', 'v2'),
      fallback: 'openai',
      about:
        'How Cohere is asked for chat completions: at its OpenAI-compatible endpoint, or in its own Chat v2, ' +
        'with documents, citations, thinking and safety modes.',
    },
    google: {
      env: 'GOOGLE_DIALECT',
      read: oneOf('openai', 'native'),
      fallback: 'openai',
      about:
        'How Google is asked for chat completions: at its OpenAI-compatible endpoint, or in its own ' +
        'generateContent, with signed thoughts, safety settings and its own tools.',
    },
  },
} as const satisfies SettingTable

const authentication = {
  enableAuth: {
    env: 'ENABLE_AUTH',
    alias: 'AUTH_ENABLED',
    read: bool,
    fallback: 'false',
    about: 'Lets in only callers with a valid token of the OpenID Connect issuer.',
  },
  oidc: {
    issuerUrl: {
      env: 'OIDC_ISSUER_URL',
      alias: 'AUTH_OIDC_ISSUER',
      read: issuerUrl,
      fallback: 'http://keycloak:8080/realms/inference-gateway-realm',
      about: 'Issuer of the tokens, exactly as its discovery document and their `iss` claim write it.',
    },
    clientId: {
      env: 'OIDC_CLIENT_ID',
      alias: 'AUTH_OIDC_CLIENT_ID',
      read: text,
      fallback: 'inference-gateway-client',
      secret: true,
      about: 'Audience that tokens must be made for.',
    },
    clientSecret: {
      env: 'OIDC_CLIENT_SECRET',
      alias: 'AUTH_OIDC_CLIENT_SECRET',
      read: secret,
      fallback: null,
      secret: true,
      about: "The client's secret at the issuer. With it, opaque tokens are checked by introspection.",
    },
    acceptIdTokens: {
      env: 'OIDC_ACCEPT_ID_TOKENS',
      read: bool,
      fallback: 'false',
      about:
        'Lets in ID tokens whose audience is OIDC_CLIENT_ID too. They are made for applications, not for servers: only ' +
        'for clients that have no other.',
    },
    allowedParties: {
      env: 'OIDC_ALLOWED_PARTIES',
      read: list,
      fallback: '',
      about: 'Only tokens that these clients have asked for, as `azp` names them. None means all.',
    },
    allowedHosts: {
      env: 'OIDC_ALLOWED_HOSTS',
      read: list,
      fallback: '',
      about: "Hosts that the issuer's keys may lie on besides its own, such as `www.googleapis.com` for Google's.",
    },
  },
} as const satisfies SettingTable

const models = {
  models: {
    allowed: {
      env: 'ALLOWED_MODELS',
      read: modelNames,
      fallback: '',
      about: 'Only these models, as `model`, `provider/model` or one of your own names. None means all.',
    },
    disallowed: {
      env: 'DISALLOWED_MODELS',
      read: modelNames,
      fallback: '',
      about: 'Not these models, as `model`, `provider/model` or one of your own names.',
    },
    idFormat: {
      env: 'MODEL_ID_FORMAT',
      read: oneOf('native', 'qualified'),
      fallback: 'native',
      about: '`native` lists models as their provider calls them, `qualified` as `provider/model`.',
    },
    listTtlMs: {
      env: 'MODEL_LIST_TTL',
      read: duration,
      fallback: '5m',
      about:
        "How long a provider's model list is fresh. An older one is still served while a new one is fetched; " +
        'with 0 that is always.',
    },
  },
} as const satisfies SettingTable

const routing = {
  routing: {
    enabled: {
      env: 'ROUTING_ENABLED',
      read: bool,
      fallback: 'false',
      about: 'Only for a file that ROUTING_CONFIG_PATH names; models in GATEWAY_CONFIG_PATH need no switch.',
    },
    configPath: {
      env: 'ROUTING_CONFIG_PATH',
      read: path,
      fallback: null,
      about: 'YAML file with model names of your own: which deployments answer for each, and how they are tried.',
    },
    retryEnabled: {
      env: 'RETRY_ENABLED',
      read: bool,
      fallback: 'true',
      about:
        'Tries a request once more when its connection broke before a byte of the answer. Models with deployments of ' +
        'their own have their own rules.',
    },
  },
} as const satisfies SettingTable

/** Every setting but the providers', which `provider-settings.ts` derives from the catalog. */
export const settings = {
  ...general,
  ...authentication,
  ...serverSettings,
  ...clientSettings,
  ...models,
  ...routing,
  ...telemetrySettings,
}

/** The same, under the headings of the docs. */
export const settingGroups: readonly SettingGroup[] = [
  { title: 'General', settings: general },
  { title: 'Authentication', settings: authentication },
  { title: 'Server: towards clients', settings: serverSettings },
  { title: 'Client: towards providers', settings: clientSettings },
  { title: 'Models', settings: models },
  { title: 'Routing', settings: routing },
  { title: 'Telemetry', settings: telemetrySettings },
]

export type SettingValues = ValuesOf<typeof settings>
