import type { Target } from '../providers/provider.ts'
import { type PlannedTarget, targetKey } from './plan.ts'
import { createRecentMap } from './recent-map.ts'

/** How the targets of an alias share its traffic. */
export type Strategy = 'round_robin' | 'weighted' | 'least_busy' | 'priority' | 'lowest_latency'

/** A target as somebody has configured it. */
export type Candidate = Omit<PlannedTarget, 'because'>

/** One request at a target, from its start to the end of its answer. */
export interface Running {
  /** The time from asking to the first token. */
  firstToken(ms: number): void
  end(): void
}

export interface Selector {
  /** The first is the choice, the rest the order of fallback. Every call counts as a request to the alias. */
  readonly order: (alias: string, strategy: Strategy, targets: readonly Candidate[]) => readonly PlannedTarget[]
  /** What `order` would say now, without counting as a request; `lowest_latency` leaves its rare explorations out. */
  readonly peek: Selector['order']
  begin(target: Pick<Target, 'provider' | 'model'>): Running
  /** Drops what was measured of a provider, since another service answers under its id now. */
  forget(provider: string): void
}

/** How much a new measurement moves the average. */
const SMOOTHING = 0.2
/** How often `lowest_latency` asks another target than the fastest, to learn whether that still holds. */
const EXPLORATION = 0.05
const MOST_MEASURED = 10_000

/** What is known of the targets right now. */
interface Measurements {
  readonly running: (target: Candidate) => number
  /** Mean time to the first token in ms; `undefined` when it was never measured. */
  readonly latencyMs: (target: Candidate) => number | undefined
}

/** Whose turn it is within an alias: the place in the circle, and what each target has earned by its weight. */
interface Standing {
  readonly turn: number
  readonly credits: Credits
}

type Credits = ReadonlyMap<string, number>

const START: Standing = { turn: 0, credits: new Map() }

const neverExploring = () => 1

/** Orders the targets of an alias. Remembers whose turn it is, who is busy and who is quick, in bounded memory. */
export function createSelector({ random }: { readonly random: () => number }): Selector {
  const running = new Map<string, number>()
  const latencies = createRecentMap<number>(MOST_MEASURED)
  const standings = new Map<string, Standing>()
  const known: Measurements = {
    running: (target) => running.get(targetKey(target)) ?? 0,
    latencyMs: (target) => latencies.get(targetKey(target)),
  }

  return {
    order(alias, strategy, targets) {
      const standing = standings.get(alias) ?? START
      const ordered = arranged(strategy, targets, standing, known, random)
      standings.set(alias, standingAfter(strategy, targets, standing, ordered[0]))
      return ordered
    },
    peek: (alias, strategy, targets) =>
      arranged(strategy, targets, standings.get(alias) ?? START, known, neverExploring),
    begin(target) {
      const key = targetKey(target)
      running.set(key, (running.get(key) ?? 0) + 1)
      let isMeasured = false
      let isRunning = true
      return {
        firstToken(ms) {
          if (isMeasured || !isRunning) return
          isMeasured = true
          latencies.set(key, smoothed(latencies.get(key), ms))
        },
        end() {
          if (!isRunning) return
          isRunning = false
          if (!isMeasured) latencies.set(key, slower(latencies.get(key)))
          const left = (running.get(key) ?? 1) - 1
          if (left === 0) running.delete(key)
          else running.set(key, left)
        },
      }
    },
    forget(provider) {
      for (const key of latencies.keys()) if (key.startsWith(`${provider}/`)) latencies.delete(key)
    },
  }
}

function arranged(
  strategy: Strategy,
  targets: readonly Candidate[],
  { turn, credits }: Standing,
  known: Measurements,
  random: () => number,
): readonly PlannedTarget[] {
  switch (strategy) {
    case 'priority':
      return explained(targets, (_, place) => `priority ${place + 1}`)
    case 'round_robin':
      return explained(rotated(targets, turn), (_, place) => (place === 0 ? 'its turn' : 'a later turn'))
    case 'weighted':
      return explained(byWeight(targets, credits), (target) => `weight ${weightOf(target)}`)
    case 'least_busy':
      // Rotated first, so that equals take turns.
      return explained(byBusyness(rotated(targets, turn), known), (target) => `${known.running(target)} running`)
    case 'lowest_latency':
      return explained(byLatency(targets, known, random), (target) => latencyText(known.latencyMs(target)))
  }
}

/** What the next request finds: the circle has moved on, and who was chosen has paid. */
function standingAfter(
  strategy: Strategy,
  targets: readonly Candidate[],
  standing: Standing,
  chosen: Candidate | undefined,
): Standing {
  if (strategy === 'round_robin' || strategy === 'least_busy')
    return { ...standing, turn: (standing.turn % Math.max(1, targets.length)) + 1 }
  if (strategy !== 'weighted' || chosen === undefined) return standing
  const credits = earned(targets, standing.credits)
  const total = targets.reduce((sum, target) => sum + weightOf(target), 0)
  return { ...standing, credits: credits.set(targetKey(chosen), (credits.get(targetKey(chosen)) ?? 0) - total) }
}

function explained(
  targets: readonly Candidate[],
  because: (target: Candidate, place: number) => string,
): readonly PlannedTarget[] {
  return targets.map((target, place) => ({ ...target, because: because(target, place) }))
}

function rotated(targets: readonly Candidate[], turn: number): readonly Candidate[] {
  const start = turn % Math.max(1, targets.length)
  return [...targets.slice(start), ...targets.slice(0, start)]
}

const weightOf = ({ weight = 1 }: Candidate): number => weight

/**
 * Smooth weighted round robin, as nginx does it: everybody earns its weight, the richest is chosen and pays for all. The
 * shares are exact and a heavy target's turns are spread out. The rest stands by weight; a weight of 0 is for fallback.
 */
function byWeight(targets: readonly Candidate[], before: Credits): readonly Candidate[] {
  const credit = earned(targets, before)
  const creditOf = (target: Candidate) => (weightOf(target) === 0 ? -Infinity : (credit.get(targetKey(target)) ?? 0))
  const [first, ...others] = [...targets].sort((one, other) => creditOf(other) - creditOf(one) || 0)
  return first === undefined ? [] : [first, ...others.sort((one, other) => weightOf(other) - weightOf(one))]
}

const earned = (targets: readonly Candidate[], before: Credits): Map<string, number> =>
  new Map(targets.map((target) => [targetKey(target), (before.get(targetKey(target)) ?? 0) + weightOf(target)]))

function byBusyness(targets: readonly Candidate[], { running }: Measurements): readonly Candidate[] {
  return [...targets].sort((one, other) => running(one) - running(other))
}

/** Unmeasured ones first: they have to be asked once to be known. */
function byLatency(
  targets: readonly Candidate[],
  { latencyMs }: Measurements,
  random: () => number,
): readonly Candidate[] {
  const latency = (target: Candidate) => latencyMs(target) ?? -1
  // Two that are both infinitely slow differ by NaN.
  const ordered = [...targets].sort((one, other) => latency(one) - latency(other) || 0)
  if (ordered.length < 2 || random() >= EXPLORATION) return ordered
  const [explored] = ordered.splice(1 + Math.floor(random() * (ordered.length - 1)), 1)
  return explored === undefined ? ordered : [explored, ...ordered]
}

function smoothed(meanMs: number | undefined, ms: number): number {
  return meanMs === undefined || meanMs === Infinity ? ms : meanMs + SMOOTHING * (ms - meanMs)
}

/** An answer without a first token: a target that fails quickly must not pass for a quick one. */
function slower(meanMs = Infinity): number {
  return meanMs * 2
}

function latencyText(ms: number | undefined): string {
  if (ms === undefined) return 'not measured yet'
  return ms === Infinity ? 'no answer yet' : `first token after ${Math.round(ms)} ms`
}
