import type { Auth, Credential, UpstreamRequest } from '../providers/provider.ts'
import { type HeaderFields, toProvider } from './headers.ts'

/** What goes on the wire. */
export interface WireRequest {
  readonly url: string
  readonly headers: Readonly<HeaderFields>
}

/** Puts the account's URL, headers and key on a request. The key goes to no other place than the account's base URL. */
export function wireRequest(request: UpstreamRequest, userAgent: string): WireRequest {
  const { account, endpoint } = request
  const auth = authOf(request)
  const headers = toProvider(request.headers, request.passThrough)
  if (!request.passThrough && request.body !== null) headers['content-type'] = 'application/json'
  headers['accept-encoding'] ??= 'identity'
  headers['user-agent'] ??= userAgent
  for (const [name, value] of Object.entries({ ...account.provider.headers, ...endpoint?.headers })) {
    const field = name.toLowerCase()
    // A client that names a version of its own on /proxy knows which it wants.
    if (!(request.passThrough && field in headers)) headers[field] = value
  }
  putKeyIntoHeaders(headers, auth, account.credential)
  return { url: account.provider.baseUrl + putKeyIntoPath(request.path, auth, account.credential), headers }
}

function authOf({ account, endpoint }: UpstreamRequest): Auth {
  const auth = endpoint?.auth ?? account.provider.auth
  // A local server that needs no key may still have been given one.
  return auth.kind === 'none' && account.credential !== null ? { kind: 'bearer' } : auth
}

function putKeyIntoHeaders(headers: HeaderFields, auth: Auth, credential: Credential | null): void {
  if (credential === null) return
  if (auth.kind === 'bearer') headers['authorization'] = `Bearer ${credential.reveal()}`
  if (auth.kind === 'xheader') headers[auth.name.toLowerCase()] = credential.reveal()
}

/**
 * Takes `key` parameters out of the query, whoever wrote them: they are credentials. Where the provider wants its key
 * there, exactly one is put in, ours. The rest of the query stays as it was written.
 */
function putKeyIntoPath(path: string, auth: Auth, credential: Credential | null): string {
  const name = auth.kind === 'query' ? auth.name : 'key'
  const question = path.indexOf('?')
  if (question === -1 && auth.kind !== 'query') return path
  const pathname = question === -1 ? path : path.slice(0, question)
  const parameters = question === -1 ? [] : path.slice(question + 1).split('&')
  const kept = parameters.filter((parameter) => !new URLSearchParams(parameter).has(name))
  if (auth.kind === 'query' && credential !== null) kept.push(`${name}=${encodeURIComponent(credential.reveal())}`)
  return kept.length === 0 ? pathname : `${pathname}?${kept.join('&')}`
}
