import { Refusal } from './refusal.ts'

/** How an answer may end before its end: the body errors, or nothing more comes until the client gives up. */
export type Break = 'cut' | 'stall'

/** Breaks an answer off. Rejects with an error of its own (`cut`) or, one day, with the signal's reason (`stall`). */
export async function breakOff(breaks: Break, signal: AbortSignal): Promise<never> {
  if (breaks === 'stall') return aborted(signal)
  throw new Error('The simulator broke off its answer, as the model "cut" is asked to.')
}

/** Never resolves; rejects with the signal's reason. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the reason is the caller's, whatever it is
    const leave = () => reject(signal.reason)
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  })
}

/** The errors that can be asked for by name, in the words of the services known for them. */
export const refusals = {
  unauthorized: {
    status: 401,
    message: 'Simulated: the API key is not valid.',
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  },
  rateLimited: {
    status: 429,
    message: 'Simulated: too many requests. Try again in 1 second.',
    type: 'requests',
    code: 'rate_limit_exceeded',
    headers: { 'retry-after': '1' },
  },
  failed: {
    status: 500,
    message: 'Simulated: the server failed while it worked on the request.',
    type: 'server_error',
    code: null,
  },
  unavailable: {
    status: 503,
    message: 'Simulated: every second request to this model fails. Try again.',
    type: 'server_error',
    code: 'service_unavailable',
  },
  overloaded: {
    status: 529,
    message: 'Simulated: the service is overloaded. Try again in 1 second.',
    type: 'overloaded_error',
    code: 'overloaded',
    headers: { 'retry-after': '1' },
  },
} as const

export function refuse(name: keyof typeof refusals): never {
  throw new Refusal(refusals[name])
}
