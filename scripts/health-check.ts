/**
 * For the container, which has no curl: fails unless the gateway beside it is alive. Of the settings it knows only those
 * that say where to ask.
 */
import { env } from 'node:process'

// The way is to this machine, and the runtime would ask a proxy.
for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) delete env[name]

const scheme = isSet(env['SERVER_TLS_CERT_PATH']) ? 'https' : 'http'
const port = isSet(env['SERVER_PORT']) ? env['SERVER_PORT'] : 8080
const host = hostOf((env['SERVER_HOST'] ?? '').trim())
// The certificate is made for another name than this one.
const answer = await fetch(`${scheme}://${host}:${port}/health`, { tls: { rejectUnauthorized: false } })
process.exitCode = answer.ok ? 0 : 1

/** What listens everywhere is asked on loopback. */
function hostOf(listening: string): string {
  if (['', '0.0.0.0', '::'].includes(listening)) return '127.0.0.1'
  return listening.includes(':') ? `[${listening}]` : listening
}

/** An empty variable counts as none, as it does for the gateway. */
function isSet(value: string | undefined): boolean {
  return (value ?? '').trim() !== ''
}
