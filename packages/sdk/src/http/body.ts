import { onAbort } from './on-abort.ts'
import type { Sent } from './send.ts'

/** The bytes of an answer as they come, each waited for no longer than allowed. Throws what the watch explains. */
export async function* bytesOf({ response, watch, timeouts }: Sent): AsyncGenerator<Uint8Array> {
  if (response.body === null) return watch.release()
  const reader = response.body.getReader()
  // Ends a read that is under way, also where a custom fetch heeds no signal.
  onAbort(watch.signal, (reason) => void reader.cancel(reason).catch(() => {}))
  let isWhole = false
  try {
    for (;;) {
      watch.begin('idle', timeouts.idle)
      const { done, value } = await reader.read()
      watch.signal.throwIfAborted()
      isWhole = done
      if (done) return
      watch.begin('idle', 0) // while the consumer thinks, nobody is late
      yield value
    }
  } catch (error) {
    return watch.explain(error)
  } finally {
    // Whoever stops reading early wants no more of it: the gateway hears that and stops the provider.
    if (!isWhole) watch.abort()
    watch.release()
  }
}

/** The whole answer as text. */
export async function textOf(sent: Sent): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of bytesOf(sent)) text += decoder.decode(bytes, { stream: true })
  return text + decoder.decode()
}
