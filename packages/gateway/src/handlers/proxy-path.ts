import { withoutBasePath } from '../kernel/base-path.ts'
import { GatewayError } from '../kernel/errors.ts'

export interface ProxyPath {
  readonly provider: string
  /** What goes behind the base URL, as the client wrote it: starts with `/`, percent-encoding untouched. */
  readonly path: string
}

const ROUTE = /^\/proxy\/([^/]+)(\/.*)?$/s

/** Splits `/proxy/{provider}/{path}`. Throws invalid_target for a path that could leave the provider's base URL. */
export function proxyPath(pathname: string): ProxyPath {
  const [, provider, path = '/'] = ROUTE.exec(withoutBasePath(pathname)) ?? []
  if (provider === undefined) throw invalid('write /proxy/{provider}/{path}')
  if (!/^[\x21-\x7e]*$/.test(path) || /%(?![0-9a-f]{2})/i.test(path))
    throw invalid('percent-encode what is not plain ASCII')
  if (/%(?:0[0-9a-f]|1[0-9a-f]|7f)/i.test(path)) throw invalid('control characters may not be in a path')
  if (climbs(path)) throw invalid('`..` may not be in a path, however it is encoded')
  return { provider: provider.toLowerCase(), path }
}

/** Some servers decode `%2f`, treat `\` as `/`, or ignore `;…`: a `..` under any of these readings is refused. */
function climbs(path: string): boolean {
  const decoded = path
    .replaceAll(/%2f|%5c|\\/gi, '/')
    .replaceAll(/%2e/gi, '.')
    .replaceAll(/%3b/gi, ';')
  return decoded.split('/').some((segment) => /^\.\.?(?:;|$)/.test(segment))
}

const invalid = (expected: string) => new GatewayError('invalid_target', `The path cannot be passed on: ${expected}.`)

/**
 * SDKs of providers append `/v1/…` themselves, Groq's `/openai/v1/…`. Where the path begins with what the base URL ends
 * with, its whole path or the version in it, that is meant once.
 */
export function withoutDoubledVersion(baseUrl: string, path: string): string {
  const whole = /^[a-z]+:\/\/[^/]+(\/.+)$/.exec(baseUrl)?.[1]
  const version = /\/v\d+[a-z0-9]*$/.exec(baseUrl)?.[0]
  const doubled = [whole, version].find((start) => start !== undefined && path.startsWith(`${start}/`))
  return doubled === undefined ? path : path.slice(doubled.length)
}
