import type { Auth, Credential, UpstreamRequest } from '../providers/provider.ts'
import { toProvider } from './headers.ts'

/** What goes on the wire. */
export interface WireRequest {
  readonly url: string
  readonly headers: Headers
}

/** Puts the account's URL, headers and key on a request. The key goes to no other place than the account's base URL. */
export function wireRequest(request: UpstreamRequest, userAgent: string): WireRequest {
  const { account, endpoint } = request
  const auth = authOf(request)
  const headers = toProvider(request.headers, request.passThrough)
  if (!request.passThrough && request.body !== null) headers.set('content-type', 'application/json')
  if (!headers.has('accept-encoding')) headers.set('accept-encoding', 'identity')
  if (!headers.has('user-agent')) headers.set('user-agent', userAgent)
  for (const [name, value] of Object.entries({ ...account.provider.headers, ...endpoint?.headers })) {
    // A client that names a version of its own on /proxy knows which it wants.
    if (!(request.passThrough && headers.has(name))) headers.set(name, value)
  }
  putKeyIntoHeaders(headers, auth, account.credential)
  return { url: account.provider.baseUrl + putKeyIntoPath(request.path, auth, account.credential), headers }
}

function authOf({ account, endpoint }: UpstreamRequest): Auth {
  const auth = endpoint?.auth ?? account.provider.auth
  // A local server that needs no key may still have been given one.
  return auth.kind === 'none' && account.credential !== null ? { kind: 'bearer' } : auth
}

function putKeyIntoHeaders(headers: Headers, auth: Auth, credential: Credential | null): void {
  if (credential === null) return
  if (auth.kind === 'bearer') headers.set('authorization', `Bearer ${credential.reveal()}`)
  if (auth.kind === 'xheader') headers.set(auth.name, credential.reveal())
}

/** Exactly one key parameter, ours, whatever the client wrote into its query. */
function putKeyIntoPath(path: string, auth: Auth, credential: Credential | null): string {
  if (auth.kind !== 'query') return path
  const [pathname = '', search = ''] = path.split(/\?(.*)/s)
  const query = new URLSearchParams(search)
  query.delete(auth.name)
  if (credential !== null) query.set(auth.name, credential.reveal())
  return `${pathname}?${query}`
}
