import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext, getCACertificates } from 'node:tls'
import type { TlsIdentity } from './server/listen.ts'

/** Says in one line which file is wrong, and how. */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError'
}

type ReadFile = (path: string) => string

export interface TlsPaths {
  readonly tlsCertPath: string | null
  readonly tlsKeyPath: string | null
}

/** The gateway's own certificate; `null` where none is set. Throws TlsFileError, also when the key is another's. */
export function readServerTls({ tlsCertPath, tlsKeyPath }: TlsPaths, readFile: ReadFile): TlsIdentity | null {
  if (tlsCertPath === null || tlsKeyPath === null) return null
  const cert = readText('SERVER_TLS_CERT_PATH', tlsCertPath, readFile)
  const key = readText('SERVER_TLS_KEY_PATH', tlsKeyPath, readFile)
  const certificate = parsed('SERVER_TLS_CERT_PATH', 'certificate', () => new X509Certificate(cert))
  const privateKey = parsed('SERVER_TLS_KEY_PATH', 'private key without a passphrase', () => createPrivateKey(key))
  if (!certificate.checkPrivateKey(privateKey))
    throw new TlsFileError('SERVER_TLS_KEY_PATH: this is not the key of the certificate in SERVER_TLS_CERT_PATH')
  // What the runtime refuses for other reasons (a key too short) must not come up when the old server has gone.
  parsed('SERVER_TLS_CERT_PATH', 'certificate that servers can use,', () => createSecureContext({ cert, key }))
  return { cert, key }
}

/** What makes clients refuse the certificate, although servers can use it; `null`: nothing. `now`: ms since 1970. */
export function certificateDoubt({ cert }: TlsIdentity, now: number): string | null {
  const { validFrom, validTo } = new X509Certificate(cert)
  const isOver = Date.parse(validTo) < now
  if (!isOver && Date.parse(validFrom) <= now) return null
  const when = isOver ? `ended on ${validTo}` : `begins on ${validFrom}`
  return `SERVER_TLS_CERT_PATH: the certificate ${when}: clients refuse it. Another one there is taken over while we run.`
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** The well-known authorities and those of the file; `null` without a file: the runtime's own. Throws TlsFileError. */
export function readAuthorities(path: string | null, readFile: ReadFile): readonly string[] | null {
  if (path === null) return null
  const own = readText('CLIENT_TLS_CA_PATH', path, readFile).match(CERTIFICATE) ?? []
  if (own.length === 0) throw new TlsFileError('CLIENT_TLS_CA_PATH: expected a certificate in PEM')
  for (const pem of own) parsed('CLIENT_TLS_CA_PATH', 'certificate', () => new X509Certificate(pem))
  return [...getCACertificates('default'), ...own]
}

function readText(setting: string, path: string, readFile: ReadFile): string {
  try {
    return readFile(path)
  } catch (error) {
    throw new TlsFileError(
      `${setting}: cannot read the file: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** The libraries' own words are for those who know them by heart. */
function parsed<T>(setting: string, what: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new TlsFileError(`${setting}: expected a ${what} in PEM`, { cause: error })
  }
}
