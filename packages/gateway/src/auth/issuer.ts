import type { Clock } from '../kernel/clock.ts'
import { discover, type IntrospectionEndpoint, type Metadata } from './discovery.ts'
import type { FetchDocument } from './document.ts'
import { createKeySet, type KeySet } from './key-set.ts'
import type { Sleep } from './sleep.ts'
import { keepFresh } from './upkeep.ts'

/** What listeners hear about the identity provider. Told on change only. */
export type AuthEvent =
  | { readonly type: 'auth.available'; readonly issuer: string }
  /** `serving`: keys read earlier are still in use; otherwise every token is answered with 503. */
  | { readonly type: 'auth.unavailable'; readonly issuer: string; readonly reason: string; readonly serving: boolean }

export interface IssuerParts {
  readonly issuerUrl: string
  readonly allowedHosts: readonly string[]
  readonly fetchDocument: FetchDocument
  readonly clock: Clock
  readonly sleep: Sleep
  readonly random: () => number
  readonly log: (event: AuthEvent) => void
  /** Fires when the gateway closes. */
  readonly closed: AbortSignal
}

/** The issuer as far as it is known: its keys and its introspection endpoint, kept fresh from `start()` on. */
export interface Issuer {
  readonly keys: KeySet
  /** `null` when the issuer offers none. */
  introspection(): IntrospectionEndpoint | null
  ready(): boolean
  /** Like `ready()`, but awaits the reading underway first when there are no keys at hand. Never rejects. */
  awaitKeys(): Promise<boolean>
  /** Why there are no keys, for the log. */
  failure(): unknown
  start(): void
}

export function createIssuer({ issuerUrl, allowedHosts, fetchDocument, clock, log, ...parts }: IssuerParts): Issuer {
  const keys = createKeySet(fetchDocument, clock)
  const tell = onChange(log)
  let metadata: Metadata | null = null
  let reading: Promise<void> | null = null
  let failure: unknown = new Error('the identity provider has not been read yet')

  const ready = (): boolean => keys.current() !== null

  // Metadata is asked for each time, so that an issuer that moves its keys needs no restart of ours.
  const readAll = async (): Promise<void> => {
    metadata = await discover(fetchDocument, { issuerUrl, allowedHosts })
    await keys.refresh(metadata.jwksUri)
  }

  const read = async (): Promise<void> => {
    reading = readAll()
    return reading
  }

  const outcome = (error: unknown): void => {
    if (error === null) return tell({ type: 'auth.available', issuer: issuerUrl })
    failure = error
    const reason = error instanceof Error ? error.message : 'unknown'
    tell({ type: 'auth.unavailable', issuer: issuerUrl, reason, serving: ready() })
  }

  return {
    keys,
    ready,
    introspection: () => metadata?.introspection ?? null,
    failure: () => failure,
    async awaitKeys() {
      if (!ready()) await reading?.catch(() => undefined)
      return ready()
    },
    start() {
      if (reading === null) void keepFresh({ ...parts, read, outcome, coolDownMs: () => Math.ceil(keys.coolDownMs()) })
    },
  }
}

function onChange(log: (event: AuthEvent) => void): (event: AuthEvent) => void {
  let last = ''
  return (event) => {
    const content = JSON.stringify(event)
    if (content !== last) log(event)
    last = content
  }
}
