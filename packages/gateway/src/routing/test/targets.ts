import type { Clock } from '../../kernel/clock.ts'
import { type ErrorCode, GatewayError } from '../../kernel/errors.ts'
import { ProviderError } from '../../kernel/provider-error.ts'
import type { PlannedTarget } from '../plan.ts'

/** A target `id/m` that nobody answers for. */
export function target(id: string, weight?: number): PlannedTarget {
  return {
    provider: { id, name: id, baseUrl: `http://${id}.test`, auth: { kind: 'none' }, operations: {} },
    credential: null,
    model: 'm',
    because: 'the test says so',
    ...(weight === undefined ? {} : { weight }),
  }
}

export const fault = (code: ErrorCode): GatewayError => new GatewayError(code, code)

export function answered(
  status: number,
  {
    code = null,
    headers = {},
    provider = 'a',
  }: { code?: string | number | null; headers?: object; provider?: string } = {},
): ProviderError {
  const all = new Headers(Object.entries(headers))
  return new ProviderError(provider, { status, headers: all }, { message: '', type: '', code, param: null }, null)
}

/** A clock that moves only when told to. The wall is far from zero, so that mixing the two shows. */
export interface HandClock extends Clock {
  pass(ms: number): void
}

export const WALL = Date.UTC(2030, 0, 1)

export function handClock(): HandClock {
  let elapsedMs = 0
  return {
    now: () => WALL + elapsedMs,
    elapsed: () => elapsedMs,
    pass: (ms) => {
      elapsedMs += ms
    },
  }
}
