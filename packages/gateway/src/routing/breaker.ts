import type { Clock } from '../kernel/clock.ts'
import { ProviderError } from '../kernel/provider-error.ts'
import type { Target } from '../providers/provider.ts'
import { targetKey } from './plan.ts'
import { createRecentMap } from './recent-map.ts'
import { isConnectionFailure, isRetryableStatus, retryAfterMs } from './retryable.ts'

/**
 * `closed`: healthy. `open`: it failed repeatedly and is left alone. `half_open`: one request may find out whether it is
 * back. `cooling`: it answers, but has asked for a pause by `retry-after`; it is still asked when nobody else is left.
 */
export type BreakerState = 'closed' | 'open' | 'half_open' | 'cooling'

export interface BreakerStatus {
  readonly state: BreakerState
  /** When it may be asked again, on `clock.elapsed`; 0 when closed. While a probe runs: when a second one may start. */
  readonly until: number
}

/** Told on change. */
export interface BreakerEvent {
  readonly type: 'breaker'
  readonly provider: string
  readonly model: string
  readonly state: BreakerState
}

/** One request that was let through. Exactly one of the three is called, once. */
export interface Trial {
  succeeded(): void
  failed(error: unknown): void
  /** The client went before there was a verdict. */
  abandoned(): void
}

/** Watches every provider and model on its own: a dead model does not take its provider's others along. */
export interface Breakers {
  look(target: Pick<Target, 'provider' | 'model'>): BreakerStatus
  /** Lets a request through; `null` when it may not pass. */
  begin(target: Pick<Target, 'provider' | 'model'>): Trial | null
}

/** The breakers in the hand of who made them. */
export interface OwnedBreakers extends Breakers {
  /** Drops what is known of a provider, since another service answers under its id now. */
  forget(provider: string): void
}

export interface BreakerOptions {
  readonly clock: Clock
  /** At least 0, below 1. */
  readonly random: () => number
  readonly emit: (event: BreakerEvent) => void
  /** Consecutive failures of the connection class that open it. Default 5. */
  readonly failures?: number
  /** The first pause; each further one without health in between is twice as long, up to a minute. Default 10 s. */
  readonly coolDownMs?: number
  /** How many targets are remembered. Default 10,000: names come from clients, so their number has no other bound. */
  readonly limit?: number
}

const LONGEST_MS = 60_000
const JITTER = 0.2
/** Statuses whose `retry-after` means the whole target, not this one request. */
const PAUSING: ReadonlySet<number> = new Set([429, 503, 529])
const CLOSED: BreakerStatus = { state: 'closed', until: 0 }

/** What is known of a target that is not simply healthy. */
interface Entry extends BreakerStatus {
  readonly provider: string
  readonly model: string
  /** Failures in a row, while it is not open. */
  readonly failures: number
  /** Openings in a row, without health in between. */
  readonly openings: number
  /** Names the opening: only a probe sent after it may judge it. */
  readonly openedAt: number
}

/** What an attempt has shown of its target. */
type Verdict =
  | { readonly kind: 'health' | 'failure' | 'answer' | 'nothing' }
  | { readonly kind: 'pause'; readonly pauseMs: number }

interface Rules {
  readonly failures: number
  readonly pauseMs: (openings: number) => number
}

/** Whether a request would be refused. */
export function isBlocked({ state, until }: BreakerStatus, clock: Clock): boolean {
  return isShut(state) && until > clock.elapsed()
}

/** Those that may be asked now, in their order; one that cools down only when nobody else is left. */
export function askable<T extends Pick<Target, 'provider' | 'model'>>(
  targets: readonly T[],
  breakers: Pick<Breakers, 'look'>,
  clock: Clock,
): readonly T[] {
  const open = targets.filter((target) => !isBlocked(breakers.look(target), clock))
  const rested = open.filter((target) => breakers.look(target).state !== 'cooling')
  return rested.length > 0 ? rested : open
}

/** Keeps the state of every target that is not healthy, in bounded memory and without a timer. */
export function createBreakers(options: BreakerOptions): OwnedBreakers {
  const { clock, random, emit, coolDownMs = 10_000 } = options
  const entries = createRecentMap<Entry>(options.limit ?? 10_000)
  const rules: Rules = {
    failures: options.failures ?? 5,
    pauseMs: (openings) => pauseMs(coolDownMs, openings) * (1 - JITTER * random()),
  }
  const tell = ({ provider, model }: Entry, state: BreakerState) => emit({ type: 'breaker', provider, model, state })

  function write(key: string, before: Entry, after: Entry | null): void {
    if (after === before) return
    if (after === null) entries.delete(key)
    else {
      const forgotten = entries.set(key, after)
      if (forgotten !== undefined && forgotten.state !== 'closed') tell(forgotten, 'closed')
    }
    const state = after?.state ?? 'closed'
    if (state !== before.state) tell(before, state)
  }

  function trial(key: string, target: Pick<Target, 'provider' | 'model'>, probed: number | null): Trial {
    const settle = (verdict: Verdict) => {
      const entry = entries.get(key)
      if (entry === undefined && verdict.kind !== 'failure' && verdict.kind !== 'pause') return
      const before = entry ?? healthy(target)
      write(key, before, judge(before, verdict, probed === before.openedAt, clock.elapsed(), rules))
    }
    return {
      succeeded: () => settle({ kind: 'health' }),
      failed: (error) => settle(verdictOf(error, clock.now())),
      abandoned: () => settle({ kind: 'nothing' }),
    }
  }

  return {
    look: (target) => statusOf(entries.get(targetKey(target)), clock),
    begin(target) {
      const key = targetKey(target)
      const entry = entries.get(key)
      if (entry === undefined) return trial(key, target, null)
      if (isBlocked(entry, clock)) return null
      if (isShut(entry.state)) {
        // A probe that hangs must not keep the target shut for as long as an answer may take: another one follows.
        const until = clock.elapsed() + pauseMs(coolDownMs, entry.openings)
        write(key, entry, { ...entry, state: 'half_open', until })
        return trial(key, target, entry.openedAt)
      }
      if (statusOf(entry, clock).state !== entry.state) write(key, entry, { ...entry, ...CLOSED })
      return trial(key, target, null)
    },
    forget(provider) {
      for (const key of entries.keys()) {
        const entry = entries.get(key)
        if (entry?.provider === provider) write(key, entry, null)
      }
    },
  }
}

const isShut = (state: BreakerState): boolean => state === 'open' || state === 'half_open'

function pauseMs(coolDownMs: number, openings: number): number {
  return Math.min(LONGEST_MS, coolDownMs * 2 ** (openings - 1))
}

function healthy({ provider, model }: Pick<Target, 'provider' | 'model'>): Entry {
  return { ...CLOSED, provider: provider.id, model, failures: 0, openings: 0, openedAt: 0 }
}

/** Time alone moves a target from open to half open, and ends a pause. */
function statusOf(entry: Entry | undefined, clock: Clock): BreakerStatus {
  if (entry === undefined) return CLOSED
  const { state, until } = entry
  if (until > clock.elapsed()) return { state, until }
  return isShut(state) ? { state: 'half_open', until } : CLOSED
}

/** Client errors are health: the provider is well and has understood. The other answers say little about it. */
function verdictOf(error: unknown, now: number): Verdict {
  if (isConnectionFailure(error)) return { kind: 'failure' }
  if (!(error instanceof ProviderError)) return { kind: 'nothing' }
  const delayMs = PAUSING.has(error.status) ? (retryAfterMs(error, now) ?? 0) : 0
  if (delayMs > 0) return { kind: 'pause', pauseMs: Math.min(LONGEST_MS, delayMs) }
  return { kind: isRetryableStatus(error.status) ? 'answer' : 'health' }
}

/**
 * The next state; `null` when the target is healthy again. While it is shut only its probe (`isProbe`) counts: requests
 * that were sent before it opened know less than the opening does.
 */
function judge(entry: Entry, verdict: Verdict, isProbe: boolean, now: number, rules: Rules): Entry | null {
  const wasShut = isShut(entry.state)
  if (wasShut && !isProbe) return entry
  switch (verdict.kind) {
    case 'health':
      return entry.state === 'cooling' && entry.until > now ? { ...entry, failures: 0 } : null
    case 'failure': {
      const failures = entry.failures + 1
      if (!wasShut && failures < rules.failures) return { ...entry, failures }
      const openings = entry.openings + 1
      return { ...entry, state: 'open', until: now + rules.pauseMs(openings), failures: 0, openings, openedAt: now }
    }
    case 'pause':
      return {
        ...entry,
        state: 'cooling',
        until: wasShut ? now + verdict.pauseMs : Math.max(entry.until, now + verdict.pauseMs),
        openings: 0,
      }
    case 'answer':
      return wasShut ? null : entry
    case 'nothing':
      return wasShut ? { ...entry, until: now } : entry
  }
}
