import { type ErrorCode, GatewayError } from '../kernel/errors.ts'
import { HandshakeFailed } from './connection.ts'
import { MalformedAnswer } from './response-head.ts'
import { urlSource } from '../providers/accounts.ts'
import type { Provider } from '../providers/provider.ts'

/** The runtime's error codes, and what they mean for who asked. The names are those of libuv, OpenSSL and Bun. */
const CODES: readonly (readonly [pattern: RegExp, code: ErrorCode])[] = [
  [/^(ENOTFOUND|EAI_|ENODATA|ESERVFAIL|DNS)/, 'dns_error'],
  [/^(ETIMEOUT|ECANCELLED)$/, 'dns_timeout'],
  [/^(ETIMEDOUT|ConnectionTimeout|EHOSTUNREACH|ENETUNREACH)$/, 'connection_timeout'],
  [/^(ECONNREFUSED|ConnectionRefused)$/, 'connection_refused'],
  [/CERT|^ERR_TLS_CERT|UNABLE_TO_|SELF_SIGNED|HOSTNAME_MISMATCH/, 'tls_certificate_error'],
  [/^(ERR_SSL|EPROTO|ERR_TLS|ERR_BORINGSSL)/, 'tls_protocol_error'],
  [/^(ECONNRESET|ECONNABORTED|EPIPE)$/, 'connection_terminated'],
]

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  dns_error: 'its host name does not resolve',
  dns_timeout: 'the name server did not answer',
  connection_timeout: 'it did not accept a connection',
  connection_refused: 'nothing listens at its address, the server may not be running',
  tls_certificate_error: 'its certificate cannot be trusted',
  tls_protocol_error: 'the TLS handshake failed',
  connection_terminated: 'it closed the connection before it answered',
}

/** What a failed call means. The runtime's own text stays in `cause`, for the log: it may hold the URL. */
export function upstreamFault(error: unknown, provider: Pick<Provider, 'id' | 'urlSource'>): GatewayError {
  if (error instanceof GatewayError) return error
  const start = `Failed to reach upstream server: ${provider.id}:`
  if (error instanceof MalformedAnswer)
    return new GatewayError('http_protocol_error', `${start} it does not speak valid HTTP, ${error.message}.`)
  const runtimeCode = runtimeCodeOf(error)
  const known = CODES.find(([pattern]) => pattern.test(runtimeCode))?.[1] ?? 'connection_terminated'
  const isGreeting = error instanceof HandshakeFailed && known !== 'tls_certificate_error'
  const code = isGreeting ? 'tls_protocol_error' : known
  return new GatewayError(code, `${start} ${MESSAGES[code]}. ${adviceFor(code, provider)}`, { cause: error })
}

function adviceFor(code: ErrorCode, provider: Pick<Provider, 'urlSource' | 'id'>): string {
  if (code === 'connection_terminated') return 'Try again.'
  const check = `Check ${urlSource(provider)}`
  return code === 'tls_certificate_error' ? `${check}; CLIENT_TLS_CA_PATH trusts authorities of your own.` : `${check}.`
}

function runtimeCodeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : ''
}
