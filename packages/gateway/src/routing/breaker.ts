import type { Clock } from '../kernel/clock.ts'
import { ProviderError } from '../kernel/provider-error.ts'
import type { Target } from '../providers/provider.ts'
import { targetKey } from './plan.ts'
import { createRecentMap } from './recent-map.ts'
import { isConnectionFailure, isRetryableStatus, isServerError, retryAfterMs } from './retryable.ts'

/**
 * `closed`: healthy. `open`: it failed repeatedly and is left alone. `half_open`: one request may find out whether it is
 * back. `cooling`: it has asked for a pause by `retry-after`.
 */
export type BreakerState = 'closed' | 'open' | 'half_open' | 'cooling'

export interface BreakerStatus {
  readonly state: BreakerState
  /** When it may be asked again, on `clock.elapsed`; 0 when closed. While a probe runs: when a second one may start. */
  readonly until: number
  /**
   * Whether it gives answers, be they errors: then it is still asked when nobody else is left. Five requests that no
   * provider can serve may open all that stand behind a name, and must not take it from everybody (decision 0017).
   */
  readonly answers: boolean
}

/** Told on change. */
export interface BreakerEvent {
  readonly type: 'breaker'
  readonly provider: string
  readonly model: string
  readonly state: BreakerState
  /** What it failed with last, where that is why. */
  readonly error: unknown
}

/** One request that was let through. Exactly one of the three is called, once. */
export interface Trial {
  succeeded(): void
  /** `isRepeated`: the same request has failed here before. It counts once, for the fault may lie in what it asks for. */
  failed(error: unknown, isRepeated?: boolean): void
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
  /** Requests in a row that fail by the provider's fault and so open it. Default 5. */
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
const CLOSED: BreakerStatus = { state: 'closed', until: 0, answers: true }

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
  | { readonly kind: 'health' | 'answer' | 'nothing' }
  | { readonly kind: 'failure'; readonly answers: boolean; readonly isRepeated: boolean }
  | { readonly kind: 'pause'; readonly pauseMs: number }

/** As what a request was let through: where others are not, one is to find out, and some have nobody else left. */
type Role = 'any' | 'probe' | 'last resort'

interface Rules {
  readonly failures: number
  readonly pauseMs: (openings: number) => number
}

/** Whether others are asked instead. */
export function isBlocked({ state, until }: BreakerStatus, clock: Clock): boolean {
  return isShut(state) && until > clock.elapsed()
}

/** Those that may be asked now, in their order; when all of them rest, those that give answers. */
export function askable<T extends Pick<Target, 'provider' | 'model'>>(
  targets: readonly T[],
  breakers: Pick<Breakers, 'look'>,
  clock: Clock,
): readonly T[] {
  const rested = targets.filter((target) => {
    const status = breakers.look(target)
    return !isBlocked(status, clock) && status.state !== 'cooling'
  })
  return rested.length > 0 ? rested : targets.filter((target) => breakers.look(target).answers)
}

/** Keeps the state of every target that is not healthy, in bounded memory and without a timer. */
export function createBreakers(options: BreakerOptions): OwnedBreakers {
  const { clock, random, emit, coolDownMs = 10_000 } = options
  const entries = createRecentMap<Entry>(options.limit ?? 10_000)
  const rules: Rules = {
    failures: options.failures ?? 5,
    pauseMs: (openings) => pauseMs(coolDownMs, openings) * (1 - JITTER * random()),
  }
  const tell = ({ provider, model }: Entry, state: BreakerState, error: unknown = null) =>
    emit({ type: 'breaker', provider, model, state, error })

  function write(key: string, before: Entry, after: Entry | null, error: unknown = null): void {
    if (after === before) return
    if (after === null) entries.delete(key)
    else {
      const forgotten = entries.set(key, after)
      if (forgotten !== undefined && forgotten.state !== 'closed') tell(forgotten, 'closed')
    }
    const state = after?.state ?? 'closed'
    if (state !== before.state) tell(before, state, isResting(state) ? error : null)
  }

  /** `opening`: which one it was let through in spite of. */
  function trial(key: string, target: Pick<Target, 'provider' | 'model'>, role: Role, opening: number | null): Trial {
    const settle = (verdict: Verdict, error: unknown = null) => {
      const entry = entries.get(key)
      if (entry === undefined && verdict.kind !== 'failure' && verdict.kind !== 'pause') return
      const before = entry ?? healthy(target)
      const judges = opening === before.openedAt ? role : 'any'
      write(key, before, judge(before, verdict, judges, clock.elapsed(), rules), error)
    }
    return {
      succeeded: () => settle({ kind: 'health' }),
      failed: (error, isRepeated = false) => settle(verdictOf(error, isRepeated, clock.now()), error),
      abandoned: () => settle({ kind: 'nothing' }),
    }
  }

  return {
    look: (target) => statusOf(entries.get(targetKey(target)), clock),
    begin(target) {
      const key = targetKey(target)
      const entry = entries.get(key)
      if (entry === undefined) return trial(key, target, 'any', null)
      if (isBlocked(entry, clock)) return entry.answers ? trial(key, target, 'last resort', entry.openedAt) : null
      if (isShut(entry.state)) {
        // A probe that hangs must not keep the target shut for as long as an answer may take: another one follows.
        const until = clock.elapsed() + pauseMs(coolDownMs, entry.openings)
        write(key, entry, { ...entry, state: 'half_open', until })
        return trial(key, target, 'probe', entry.openedAt)
      }
      if (statusOf(entry, clock).state !== entry.state) write(key, entry, { ...entry, ...CLOSED })
      return trial(key, target, 'any', null)
    },
    forget(provider) {
      for (const key of entries.keys()) {
        const entry = entries.get(key)
        if (entry?.provider === provider) write(key, entry, null)
      }
    },
  }
}

const isResting = (state: BreakerState): boolean => state === 'open' || state === 'cooling'

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
  const { state, until, answers } = entry
  if (until > clock.elapsed()) return { state, until, answers }
  return isShut(state) ? { state: 'half_open', until, answers } : CLOSED
}

/** Client errors are health: the provider is well and has understood. 408, 409 and a bare 429 say little about it. */
function verdictOf(error: unknown, isRepeated: boolean, now: number): Verdict {
  if (isConnectionFailure(error)) return { kind: 'failure', answers: false, isRepeated }
  if (!(error instanceof ProviderError)) return { kind: 'nothing' }
  const delayMs = PAUSING.has(error.status) ? (retryAfterMs(error, now) ?? 0) : 0
  if (delayMs > 0) return { kind: 'pause', pauseMs: Math.min(LONGEST_MS, delayMs) }
  if (isServerError(error.status)) return { kind: 'failure', answers: true, isRepeated }
  return { kind: isRetryableStatus(error.status) ? 'answer' : 'health' }
}

/**
 * The next state; `null` when the target is healthy again. While it is shut its probe counts, not requests that were sent
 * before it opened: they know less than the opening does. A last resort may bring it back, but not lengthen the pause,
 * or a client that repeats one bad request would.
 */
function judge(entry: Entry, verdict: Verdict, role: Role, now: number, rules: Rules): Entry | null {
  const wasShut = isShut(entry.state)
  if (wasShut && role === 'any') return entry
  if (wasShut && role === 'last resort') {
    if (verdict.kind === 'nothing') return entry
    if (verdict.kind === 'failure') return { ...entry, answers: verdict.answers }
  }
  switch (verdict.kind) {
    case 'health':
      return entry.state === 'cooling' && entry.until > now ? { ...entry, failures: 0 } : null
    case 'failure': {
      if (verdict.isRepeated && !wasShut) return entry
      const failures = entry.failures + 1
      if (!wasShut && failures < rules.failures) return { ...entry, failures }
      const openings = entry.openings + 1
      const until = now + rules.pauseMs(openings)
      return { ...entry, state: 'open', until, answers: verdict.answers, failures: 0, openings, openedAt: now }
    }
    case 'pause':
      return {
        ...entry,
        state: 'cooling',
        answers: true,
        until: wasShut ? now + verdict.pauseMs : Math.max(entry.until, now + verdict.pauseMs),
        openings: 0,
      }
    case 'answer':
      return wasShut ? null : entry
    case 'nothing':
      return wasShut ? { ...entry, until: now } : entry
  }
}
