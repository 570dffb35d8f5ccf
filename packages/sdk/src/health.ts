import { ask, type Door } from './http/send.ts'
import { joinOptions, type RequestOptions, type Settled } from './options.ts'

export interface Health {
  /** The gateway runs. */
  readonly ok: boolean
  /** It takes requests: it is neither starting nor on its way out. */
  readonly ready: boolean
}

/** Asks once, whatever the answer. Throws ConnectionError when nobody answers. */
export async function health(door: Door, base: Settled, own: RequestOptions = {}): Promise<Health> {
  const options = joinOptions(base, own)
  const isGood = async (path: string) => {
    const { response, watch } = await ask(door, {
      method: 'GET',
      path,
      signals: own.signal ? [own.signal] : [],
      options,
    })
    void response.body?.cancel()
    watch.release()
    return response.ok
  }
  const [ok, ready] = await Promise.all([isGood('/health'), isGood('/ready')])
  return { ok, ready: ok && ready }
}
