/**
 * Prints docs/reference/ and .env.example from the tables they describe. `--check` writes nothing and exits with 1 when
 * a page is stale, naming it.
 */
import { customProviderFields } from '../packages/gateway/src/config/custom-provider.ts'
import { sentences, wrap } from '../packages/gateway/src/config/help.ts'
import { providerSettings } from '../packages/gateway/src/config/provider-settings.ts'
import { modelRouteFields } from '../packages/gateway/src/config/routing-file.ts'
import { rowsOf } from '../packages/gateway/src/config/setting.ts'
import type { Setting, SettingGroup } from '../packages/gateway/src/config/setting.ts'
import { settingGroups } from '../packages/gateway/src/config/settings.ts'
import { errors } from '../packages/gateway/src/kernel/errors.ts'
import { catalog } from '../packages/gateway/src/providers/catalog.ts'
import type { Auth, Provider, Rename } from '../packages/gateway/src/providers/provider.ts'
import { code, page, paragraph, table } from './markdown.ts'
import { PROVIDERS_EXAMPLE, ROUTING_EXAMPLE } from './reference-examples.ts'
import { sdkPage } from './sdk-reference.ts'
import { eventsPage, metricsPage } from './telemetry-reference.ts'

function defaultCell({ fallback, inDevelopment, otherwise }: Setting): string {
  const usually = code(fallback ?? otherwise ?? '')
  return inDevelopment === undefined ? usually : `${usually}; in development ${code(inDevelopment)}`
}

function settingRow(setting: Setting): readonly string[] {
  const { env, alias, read, about, secret } = setting
  const names = alias === undefined ? code(env) : `${code(env)}<br>${code(alias)}`
  return [names, secret ? `${read.kind}, masked` : read.kind, defaultCell(setting), about]
}

function settingsPage(): string {
  return page(
    'Settings',
    paragraph(
      'Settings are environment variables, or `NAME=value` lines of a file `.env` in the working directory.',
      'The environment wins over the file, even with an empty value: `OPENAI_API_KEY= npm start` switches a key off.',
      'Blanks around a value do not count, and an empty value is none: the default holds.',
      'Where two names are given, the second is a newer name of the same setting; both may be set as long as they say',
      'the same. All problems are reported at once, and the gateway does not start. A name that sets nothing is warned of:',
      'in `.env` each, in the environment what looks like a setting.',
      '`npm start -- --print-config` shows what holds and where it comes from.',
    ),
    [
      '- **duration**: as Go writes it, `30s`, `1m30s`, `500ms`, `1.5h`, `0`; units `ns us µs ms s m h`. Not negative;',
      '  rounded up to a millisecond; above 24.8 days it is 24.8 days. For a limit, `0` is none.',
      '- **bool**: `1 t T TRUE true True` or `0 f F FALSE false False`.',
      '- **list**: separated by commas.',
      '- **URL**: `http` or `https`, without user, password, query or fragment.',
      '- **int**, **bytes**: whole numbers. **port**: 0 to 65535.',
      '- *masked*: shown as `***` wherever settings are shown.',
    ].join('\n'),
    ...settingGroups.flatMap(({ title, settings }) => [
      `## ${title}`,
      table(['variable', 'type', 'default', 'what it does'], rowsOf(settings).map(settingRow)),
    ]),
    '## Providers',
    paragraph(
      'Every provider has four settings: `<ID>_API_KEY` and `<ID>_API_URL`, see [providers](providers.md), and',
      '`<ID>_RESPONSE_HEADER_TIMEOUT` and `<ID>_STREAM_IDLE_TIMEOUT`, which hold for it instead of the general',
      '`CLIENT_RESPONSE_HEADER_TIMEOUT` and `CLIENT_STREAM_IDLE_TIMEOUT`.',
    ),
  )
}

function authCell(auth: Auth): string {
  switch (auth.kind) {
    case 'none':
      return 'none'
    case 'bearer':
      return '`authorization: Bearer`'
    case 'xheader':
      return `header ${code(auth.name)}`
    case 'query':
      return `query ${code(auth.name)}`
  }
}

function renameText({ from, to, models }: Rename): string {
  return `${code(from)} is sent as ${code(to)}${models === undefined ? '' : ` to models like ${code(models.source)}`}`
}

function adaptations({ quirks = {} }: Provider): string {
  const { drop = [], rename = [], callIds } = quirks
  const dropped = drop.length === 0 ? [] : [`left out: ${drop.map(code).join(', ')}`]
  const replaced = callIds === undefined ? [] : [`ids of tool calls are replaced but for ${code(callIds.source)}`]
  return [...dropped, ...rename.map(renameText), ...replaced].join('; ')
}

/** The operations a provider has besides models and chat, as the catalog names them. */
function offered({
  operations: { models: _models, chat: _chat, countTokens: _count, nativeChat: _native, ...others },
}: Provider): string {
  return Object.keys(others).map(code).join(', ')
}

function providerRow(provider: Provider): readonly string[] {
  const { apiUrl, apiKey } = providerSettings(provider)
  const isOptional = provider.keyOptional === true || provider.auth.kind === 'none'
  return [
    `${provider.name}<br>${code(provider.id)}`,
    `${code(apiKey.env)}${isOptional ? ' (optional)' : ''}<br>${code(apiUrl.env)}`,
    code(provider.baseUrl),
    authCell(provider.auth),
    adaptations(provider),
    offered(provider),
  ]
}

function providersPage(): string {
  return page(
    'Providers',
    paragraph(
      'A model is addressed as `provider/model`. A provider is switched on by its key; its URL needs to be set only',
      'where it is not the usual one. What a provider does not understand is left out or renamed, and every answer',
      'says so in `x-gateway-changes`.',
    ),
    table(
      ['provider', 'settings', 'base URL', 'key sent as', 'request fields', 'besides models and chat'],
      catalog.map(providerRow),
    ),
    '## Of your own',
    'Any OpenAI-compatible service becomes a provider by an entry in the YAML file that `GATEWAY_CONFIG_PATH` names:',
    `\`\`\`yaml\n${PROVIDERS_EXAMPLE}\n\`\`\``,
    table(
      ['key', 'what it says'],
      customProviderFields.map(({ key, field }) => [`${code(key)}${field.required ? ' (required)' : ''}`, field.about]),
    ),
  )
}

function routingPage(): string {
  return page(
    'Routing',
    paragraph(
      'A model name of your own stands for one or more deployments: models at providers. The strategy says who is asked',
      'first; when that fails before the first token, the next one is asked at once. The section `models` stands in the',
      'file that `GATEWAY_CONFIG_PATH` names and needs no switch. It may stand in a file of its own instead, which',
      '`ROUTING_CONFIG_PATH` names; that one is read only when `ROUTING_ENABLED` is `true`, because older deployments have',
      'both and switch it off while the file stays. A warning at the start says when it is named and not read.',
    ),
    `\`\`\`yaml\n${ROUTING_EXAMPLE}\n\`\`\``,
    table(
      ['key', 'what it says'],
      modelRouteFields.map(({ key, field }) => [`${code(key)}${field.required ? ' (required)' : ''}`, field.about]),
    ),
  )
}

function errorsPage(): string {
  return page(
    'Errors',
    paragraph(
      'Every error the gateway itself answers with. An error of a provider keeps the status and the code the provider',
      'gave it. *retry*: whether the same request may succeed a moment later.',
    ),
    table(
      ['code', 'status', 'type', 'retry', 'what it means, what to do'],
      Object.entries(errors).map(([name, { status, type, retryable, about }]) => [
        code(name),
        String(status),
        code(type),
        retryable ? 'yes' : 'no',
        about,
      ]),
    ),
  )
}

function exampleLines(setting: Setting): readonly string[] {
  // The line below the comment shows the default already, unless there are two.
  const told = setting.inDevelopment === undefined ? { ...setting, fallback: null } : setting
  const comment = wrap(sentences(told), 98).map((line) => `# ${line}`)
  return [...comment, `# ${setting.env}=${setting.fallback ?? ''}`, '']
}

function groupLines({ title, settings }: SettingGroup): readonly string[] {
  return [`## ${title}`, '', ...rowsOf(settings).flatMap(exampleLines)]
}

function envExample(): string {
  return [
    '# Copy to .env and uncomment what you want to change. Every line is optional. Printed from the settings table by',
    '# scripts/print-reference.ts.',
    '',
    ...settingGroups.flatMap(groupLines),
    '## Providers',
    '',
    '# A key switches its provider on. <ID>_API_URL moves it elsewhere.',
    ...catalog.map((provider) => `# ${providerSettings(provider).apiKey.env}=`),
    '',
  ].join('\n')
}

/** What is printed, by its path from the root of the repository. */
export function pages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/reference/settings.md', settingsPage()],
    ['docs/reference/providers.md', providersPage()],
    ['docs/reference/routing.md', routingPage()],
    ['docs/reference/errors.md', errorsPage()],
    ['docs/reference/metrics.md', metricsPage()],
    ['docs/reference/events.md', eventsPage()],
    ['docs/reference/sdk.md', sdkPage()],
    ['.env.example', envExample()],
  ])
}

/** Paths under `root` that do not hold what would be printed now. */
export async function stalePages(root: string): Promise<readonly string[]> {
  const current = await Promise.all(
    Array.from(pages(), async ([path, text]) => {
      const file = Bun.file(`${root}/${path}`)
      return { path, isStale: !(await file.exists()) || (await file.text()) !== text }
    }),
  )
  return current.filter(({ isStale }) => isStale).map(({ path }) => path)
}

if (import.meta.main) {
  const root = `${import.meta.dir}/..`
  const stale = await stalePages(root)
  if (process.argv.includes('--check')) {
    for (const path of stale) console.error(`${path} is stale: run scripts/print-reference.ts`)
    process.exitCode = stale.length === 0 ? 0 : 1
  } else {
    const printed = pages()
    for (const path of stale) await Bun.write(`${root}/${path}`, printed.get(path) ?? '')
    console.log(stale.length === 0 ? 'Every page is current.' : `Printed ${stale.join(', ')}.`)
  }
}
