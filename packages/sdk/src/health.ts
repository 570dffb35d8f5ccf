import { jsonOf } from './http/json-answer.ts'
import { ask, type Door } from './http/send.ts'
import { joinOptions, type RequestOptions, type Settled } from './options.ts'

/** What a gateway tells of itself. */
export interface Health {
  /** The gateway runs. */
  readonly ok: boolean
  /** It takes requests: it is neither starting nor on its way out. */
  readonly ready: boolean
  /** Its version; `undefined` where the token is not good enough to ask. */
  readonly version?: string | undefined
  /** Ids of the providers that are set up there. Whether they answer is not asked. */
  readonly providers?: readonly string[] | undefined
}

/** Asks once, whatever the answer. Throws ConnectionError when nobody answers. */
export async function health(door: Door, base: Settled, own: RequestOptions = {}): Promise<Health> {
  const options = joinOptions(base, own)
  const signals = own.signal ? [own.signal] : []
  const look = (path: string) => ask(door, { method: 'GET', path, signals, options })
  const isGood = async (path: string) => {
    const { response, watch } = await look(path)
    void response.body?.cancel()
    watch.release()
    return response.ok
  }
  // Also what answers there without being a gateway is told, not thrown.
  const about = look('/')
    .then((sent) => jsonOf<Pick<Health, 'version' | 'providers'>>(sent))
    .catch((): Pick<Health, 'version' | 'providers'> => ({}))
  const [ok, ready, { version, providers }] = await Promise.all([isGood('/health'), isGood('/ready'), about])
  return { ok, ready: ok && ready, version, providers }
}
