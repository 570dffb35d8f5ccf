import type { Socket } from 'node:net'

const BLANK_LINE = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')

/** A header as it was written: name in its own letter case, in order. */
export type RawHeader = readonly [name: string, value: string]

export interface Head {
  /** Request line or status line. */
  readonly firstLine: string
  readonly headers: readonly RawHeader[]
  /** The value of the first header of this name; `undefined` without one. */
  header(name: string): string | undefined
}

/** Raised when the other side ended before what was waited for had arrived. */
export class Ended extends Error {}

/** What a socket receives, read piece by piece. Keeps every byte it was given. */
export interface Inbox {
  /** Everything that has arrived on the connection so far. */
  readonly received: Buffer
  /** Up to and with `mark`. Throws Ended. */
  until(mark: Uint8Array): Promise<Buffer>
  /** Exactly `size` bytes. Throws Ended. */
  take(size: number): Promise<Buffer>
  /** What there is by now, at least one byte and at most `size`. Throws Ended. */
  some(size: number): Promise<Buffer>
  /** Settles when `text` has arrived. Throws Ended. */
  saw(text: string): Promise<void>
}

export function inboxOf(socket: Socket): Inbox {
  let received = Buffer.alloc(0)
  let at = 0
  let hasEnded = false
  let wake = Promise.withResolvers<void>()
  const news = (): void => {
    wake.resolve()
    wake = Promise.withResolvers()
  }
  const end = (): void => {
    hasEnded = true
    news()
  }
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes])
    news()
  })
  socket.on('end', end).on('close', end).on('error', end)

  /** Waits until `find` tells where the piece ends. */
  async function piece(find: () => number | null): Promise<Buffer> {
    for (;;) {
      const end = find()
      if (end !== null) {
        const found = received.subarray(at, end)
        at = end
        return found
      }
      if (hasEnded) throw new Ended(`the connection ended after: ${received.subarray(at).toString('latin1')}`)
      await wake.promise
    }
  }

  return {
    get received() {
      return received
    },
    until: (mark) =>
      piece(() => {
        const found = received.indexOf(mark, at)
        return found === -1 ? null : found + mark.byteLength
      }),
    take: (size) => piece(() => (received.byteLength >= at + size ? at + size : null)),
    some: (size) => piece(() => (received.byteLength > at ? Math.min(received.byteLength, at + size) : null)),
    async saw(text) {
      while (!received.includes(text)) {
        if (hasEnded) throw new Ended(`the connection ended without ${JSON.stringify(text)}`)
        await wake.promise
      }
    },
  }
}

/** Reads a head up to its blank line. Throws Ended. */
export async function readHead(inbox: Inbox): Promise<Head> {
  const text = (await inbox.until(BLANK_LINE)).toString('latin1')
  const [firstLine = '', ...lines] = text.trimEnd().split('\r\n')
  const headers = lines.map((line): RawHeader => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  const header = (name: string) => headers.find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1]
  return { firstLine, headers, header }
}

/** Reads `size` bytes and gives them to `hear` as they come. Throws Ended. */
export async function readSized(inbox: Inbox, size: number, hear: (bytes: Buffer) => void): Promise<void> {
  for (let left = size; left > 0;) {
    const bytes = await inbox.some(left)
    left -= bytes.byteLength
    hear(bytes)
  }
}

/** Reads chunks up to the last one and gives each to `hear`. Throws Ended when the last one never comes. */
export async function readChunks(inbox: Inbox, hear: (bytes: Buffer) => void): Promise<void> {
  for (;;) {
    const size = Number.parseInt((await inbox.until(LINE_END)).toString('latin1'), 16)
    if (Number.isNaN(size)) throw new Error('not a chunk size')
    if (size > 0) hear(await inbox.take(size))
    await inbox.take(LINE_END.byteLength)
    if (size === 0) return
  }
}

/** One chunk of a chunked body. */
export function chunk(bytes: Uint8Array | string): Buffer {
  const body = Buffer.from(bytes)
  return Buffer.concat([Buffer.from(`${body.byteLength.toString(16)}\r\n`), body, LINE_END])
}

/** The end of a chunked body: without it, no such body is whole. */
export const LAST_CHUNK = '0\r\n\r\n'

/** Writes and waits until the system has taken the bytes. */
export const write = (socket: Socket, bytes: Uint8Array | string): Promise<void> =>
  new Promise((resolve) => {
    socket.write(bytes, () => resolve())
  })

/** Lets whatever is ready run: sockets are read, promises settle. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Settles when the condition holds; rejects after 20 s, so that what never comes fails its test. */
export async function until(condition: () => boolean, limitMs = 20_000): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never became true: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
