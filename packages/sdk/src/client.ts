import { jsonOf } from './http/json-answer.ts'
import { Reply } from './http/reply.ts'
import { type Call, type Door, send, type Sent } from './http/send.ts'
import { joinOptions, type RequestOptions, type Settled } from './options.ts'

/** Asks the gateway for one thing: what every resource is made of. */
export interface Client {
  readonly door: Door
  /** Settles when the head of a good answer is here. `ended` ends the call, beside the caller's own signal. */
  open(
    method: Call['method'],
    path: string,
    options: RequestOptions | undefined,
    json?: unknown,
    ended?: AbortSignal,
  ): Promise<Sent>
  /** Asks for a JSON object. */
  ask<T extends object>(
    method: Call['method'],
    path: string,
    options: RequestOptions | undefined,
    json?: unknown,
    read?: (body: T, sent: Sent) => T,
  ): Reply<T>
}

/** `base`: what holds for all calls. */
export function createClient(door: Door, base: Settled): Client {
  const open: Client['open'] = async (method, path, own = {}, json, ended) => {
    const options = joinOptions(base, own)
    const query = options.provider === undefined ? '' : `?provider=${encodeURIComponent(options.provider)}`
    const body = json === undefined ? null : JSON.stringify(json)
    const signals = [ended, options.signal].flatMap((signal) => signal ?? [])
    return send(door, { method, path: path + query, body, signals, options })
  }
  return {
    door,
    open,
    ask: <T extends object>(
      method: Call['method'],
      path: string,
      own: RequestOptions | undefined,
      json?: unknown,
      read = (body: T, _sent: Sent) => body,
    ) => new Reply<T>(open(method, path, own, json), async (sent) => read(await jsonOf<T>(sent), sent)),
  }
}
