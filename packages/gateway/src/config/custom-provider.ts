import { envPrefix } from './provider-settings.ts'
import { baseUrl } from './readers.ts'
import { flag, listOf, mapOf, mapWith, textLike, textReadBy } from './shape.ts'
import type { Field, Shape } from './shape.ts'

type CustomAuth = { readonly kind: 'none' | 'bearer' } | { readonly kind: 'xheader' | 'query'; readonly name: string }

/** A provider of the configuration file: a row as in the catalog, and the variable that holds its key. */
export interface CustomProvider {
  readonly id: string
  readonly name: string
  readonly baseUrl: string
  readonly auth: CustomAuth
  readonly keyEnv: string
  readonly headers?: Readonly<Record<string, string>>
  readonly operations: {
    readonly models: { readonly dialect: 'openai'; readonly endpoints: readonly { readonly path: string }[] }
    readonly chat: { readonly path: string }
    readonly responses?: { readonly path: string }
  }
  readonly quirks?: {
    readonly drop?: readonly string[]
    readonly rename?: readonly { readonly from: string; readonly to: string }[]
    readonly streamOptions?: boolean
  }
}

const someName = textLike(/\S/, 'a name, in quotes if it looks like a number')
const fieldName = textLike(/\S/, 'the name of a request field')
/** A token of RFC 9110, 5.6.2, but not one of the headers that frame or route the request: those are the client's. */
const headerName = textLike(
  /^(?!(?:host|connection|content-length|transfer-encoding|upgrade|te|trailer|expect)$)[\w!#$%&'*+.^`|~-]+$/i,
  'the name of a header that may be set',
)
const NO_KEYS = 'a key never stands in this file: name the variable that holds it, such as key_env: MY_KEY'

/** A header of `headers`: what carries a key is sent by `auth`, with the key of a variable. */
const plainHeaderName: Shape<string> = (value, path, report) => {
  const name = headerName(value, path, report)
  if (name === undefined || !/^(proxy-)?authorization$|^cookie$|api-key$/i.test(name)) return name
  report(path, `${NO_KEYS}, with auth: {header: ${name}}`)
  return undefined
}
const headerValue = textLike(/^[\t\x20-\x7e]*$/, 'text in printable ASCII, in quotes if it looks like a number')
/** Dot segments would leave the base URL, a fragment never travels. */
const urlPath = textLike(/^(?!.*\/\.\.?(?:[/?]|$))\/[^\s#\\]*$/, 'a path that starts with /, without .. and #')

const authInHeader = mapWith({ header: { shape: headerName, required: true, about: '' } })
const authInQuery = mapWith({
  query: { shape: textLike(/^[\w.~-]+$/, 'the name of a query parameter'), required: true, about: '' },
})

const auth: Shape<CustomAuth> = (value, path, report) => {
  if (value === 'none' || value === 'bearer') return { kind: value }
  if (typeof value === 'object' && value !== null && 'query' in value) {
    const read = authInQuery(value, path, report)
    return read === undefined ? undefined : { kind: 'query', name: read.query }
  }
  if (typeof value === 'object' && value !== null && 'header' in value) {
    const read = authInHeader(value, path, report)
    return read === undefined ? undefined : { kind: 'xheader', name: read.header }
  }
  report(path, 'expected none, bearer, {header: name} or {query: name}')
  return undefined
}

const quirkFields = {
  drop: {
    shape: listOf('request fields, such as [logit_bias]', fieldName),
    about: 'Request fields the service refuses; they are left out. `messages.name` stands in every message.',
  },
  rename: {
    shape: mapOf('request fields, such as {max_completion_tokens: max_tokens}', fieldName, fieldName),
    about: 'Request fields it knows under another name: `{from: to}`.',
  },
  stream_options: {
    shape: flag,
    about: '`false`: it does not know `stream_options`, so usage of streams is not asked for.',
  },
} as const satisfies Record<string, Field>

const fields = {
  id: {
    shape: textLike(/^[a-z0-9][a-z0-9_-]*$/, 'lower-case letters, digits, - and _'),
    required: true,
    about: 'The prefix in `id/model`. Upper-cased it names the variables `<ID>_API_KEY` and `<ID>_API_URL`.',
  },
  name: { shape: someName, about: 'As shown to people. Default: the id.' },
  base_url: {
    shape: textReadBy(baseUrl),
    required: true,
    about: 'What the paths below are appended to, for example `http://10.0.0.5:8000/v1`.',
  },
  auth: {
    shape: auth,
    about: 'How the key is sent: `bearer` (default), `none`, `{header: x-api-key}` or `{query: key}`.',
  },
  key_env: {
    shape: textLike(/^[A-Za-z_]\w*$/, 'the name of an environment variable'),
    about: 'The variable that holds the key. Default: `<ID>_API_KEY`. The key itself never stands in the file.',
  },
  headers: {
    shape: mapOf('headers, such as {x-team: research}', plainHeaderName, headerValue),
    about: 'Headers sent with every request. Not for secrets.',
  },
  models_path: { shape: urlPath, about: 'Where the model list is. Default: `/models`.' },
  chat_path: { shape: urlPath, about: 'Where chat is. Default: `/chat/completions`.' },
  responses_path: {
    shape: urlPath,
    about: 'Where OpenAI’s Responses are, such as `/responses`. Without it they are translated to chat.',
  },
  quirks: { shape: mapWith(quirkFields), about: 'What the service does not understand.' },
} as const satisfies Record<string, Field>

/** What an entry of `providers` may hold, for the docs. */
export const customProviderFields: readonly { readonly key: string; readonly field: Field }[] = [
  ...Object.entries(fields).map(([key, field]) => ({ key, field })),
  ...Object.entries(quirkFields).map(([key, field]) => ({ key: `quirks.${key}`, field })),
]

const entry = mapWith(fields, { key: NO_KEYS, api_key: NO_KEYS, apiKey: NO_KEYS, token: NO_KEYS })

/** An entry of the section `providers`. */
export const customProvider: Shape<CustomProvider> = (value, path, report) => {
  const read = entry(value, path, report)
  if (read === undefined) return undefined
  const { drop, rename, stream_options: streamOptions } = read.quirks ?? {}
  const quirks = {
    ...(drop && { drop }),
    ...(rename && { rename: Object.entries(rename).map(([from, to]) => ({ from, to })) }),
    ...(streamOptions !== undefined && { streamOptions }),
  }
  return {
    id: read.id,
    name: read.name ?? read.id,
    baseUrl: read.base_url,
    auth: read.auth ?? { kind: 'bearer' },
    keyEnv: read.key_env ?? `${envPrefix(read.id)}_API_KEY`,
    ...(read.headers && { headers: read.headers }),
    operations: {
      models: { dialect: 'openai', endpoints: [{ path: read.models_path ?? '/models' }] },
      chat: { path: read.chat_path ?? '/chat/completions' },
      ...(read.responses_path && { responses: { path: read.responses_path } }),
    },
    ...(read.quirks && { quirks }),
  }
}
