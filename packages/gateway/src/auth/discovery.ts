import type { FetchDocument } from './document.ts'
import type { JsonObject } from './json-object.ts'
import { quoted } from './refusal.ts'

/** What is used of an issuer's metadata (OpenID Connect Discovery 1.0, RFC 8414). */
export interface Metadata {
  readonly jwksUri: string
  /** `null`: the issuer does not offer to look at opaque tokens. */
  readonly introspection: IntrospectionEndpoint | null
}

export interface IntrospectionEndpoint {
  readonly url: string
  /** How it wants to know who asks; empty when it does not say. */
  readonly authMethods: readonly string[]
}

export interface DiscoveryOptions {
  readonly issuerUrl: string
  /** Hosts, with their port if any, that endpoints may be on besides the issuer's own. */
  readonly allowedHosts: readonly string[]
}

/** Asks the issuer for its metadata. Rejects when it cannot be read, or must not be believed. */
export async function discover(fetchDocument: FetchDocument, options: DiscoveryOptions): Promise<Metadata> {
  const base = options.issuerUrl.replace(/\/$/, '')
  return readMetadata(await fetchDocument(`${base}/.well-known/openid-configuration`), options)
}

/**
 * The rules that keep another issuer, or another host, from supplying our keys. The issuer is compared to the letter, as
 * tokens are later. Throws Error with the reason.
 */
export function readMetadata(document: JsonObject, { issuerUrl, allowedHosts }: DiscoveryOptions): Metadata {
  if (document['issuer'] !== issuerUrl) {
    throw new Error(`issuer_mismatch want=${quoted(issuerUrl)} got=${quoted(document['issuer'])}`)
  }
  const endpoint = (name: string): string => trustedEndpoint(name, document[name], new URL(issuerUrl), allowedHosts)
  const offersIntrospection = document['introspection_endpoint'] !== undefined
  return {
    jwksUri: endpoint('jwks_uri'),
    introspection: offersIntrospection
      ? { url: endpoint('introspection_endpoint'), authMethods: authMethods(document) }
      : null,
  }
}

function authMethods({ introspection_endpoint_auth_methods_supported: methods }: JsonObject): readonly string[] {
  return Array.isArray(methods) ? methods.filter((method) => typeof method === 'string') : []
}

function trustedEndpoint(name: string, value: unknown, issuer: URL, allowedHosts: readonly string[]): string {
  const url = typeof value === 'string' ? URL.parse(value) : null
  const refuse = (reason: string): never => {
    throw new Error(`${name} ${quoted(value)} refused: ${reason}`)
  }
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return refuse('not an http(s) URL')
  if (issuer.protocol === 'https:' && url.protocol !== 'https:') return refuse('the issuer is https, this is not')
  if (url.username !== '' || url.password !== '') return refuse('it holds credentials')
  if (url.host !== issuer.host && !allowedHosts.includes(url.host)) return refuse(`not on the host ${issuer.host}`)
  return url.href
}
