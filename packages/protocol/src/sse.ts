/** One event of a server-sent event stream (WHATWG HTML, "Server-sent events"). */
export interface ServerSentEvent {
  /** The `event:` field; `message` when absent. */
  readonly event: string
  /** The `data:` lines joined with `\n`. */
  readonly data: string
  readonly id?: string
  /** Milliseconds. */
  readonly retry?: number
}

const LF = 0x0a
const CR = 0x0d

/** An event as text for the wire. Every line of `data` becomes a `data:` line of its own. */
export function formatEvent(event: { readonly event?: string; readonly data: string }): string {
  const name = event.event === undefined || event.event === 'message' ? '' : `event: ${event.event}\n`
  return `${name}data: ${event.data.replaceAll('\n', '\ndata: ')}\n\n`
}

/**
 * Where the last whole event in `bytes` ends: the offset just past the last blank line, 0 when there is none. LF, CR
 * and CRLF end lines, mixed as they please. `from` is how far an earlier look has already searched.
 */
export function lastEventEnd(bytes: Uint8Array, from = 0): number {
  for (let end = bytes.length; end > from; end--) {
    const last = bytes[end - 1]
    if (last !== LF && last !== CR) continue
    const lineStart = last === LF && bytes[end - 2] === CR ? end - 2 : end - 1
    const before = bytes[lineStart - 1]
    if (before === LF || before === CR) return end
  }
  return 0
}

/** Parses whole events out of text. Comments, unknown fields and events without data are left out, as the standard asks. */
export function parseEvents(text: string): ServerSentEvent[] {
  const events: ServerSentEvent[] = []
  let fields = noFields()
  const lines = text.split(/\r\n|\n|\r/)
  lines.pop() // what follows the last line end is not a line yet
  for (const line of lines) {
    if (line === '') {
      if (fields.data.length > 0) events.push(toEvent(fields))
      fields = noFields()
    } else readField(fields, line)
  }
  return events
}

interface Fields {
  event: string
  data: string[]
  id: string | undefined
  retry: number | undefined
}

const noFields = (): Fields => ({ event: '', data: [], id: undefined, retry: undefined })

function readField(fields: Fields, line: string): void {
  const colon = line.indexOf(':')
  if (colon === 0) return // a comment
  const name = colon === -1 ? line : line.slice(0, colon)
  const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
  if (name === 'data') fields.data.push(value)
  else if (name === 'event') fields.event = value
  else if (name === 'id' && !value.includes('\0')) fields.id = value
  else if (name === 'retry' && /^\d+$/.test(value)) fields.retry = Number(value)
}

function toEvent({ event, data, id, retry }: Fields): ServerSentEvent {
  return {
    event: event === '' ? 'message' : event,
    data: data.join('\n'),
    ...(id === undefined ? {} : { id }),
    ...(retry === undefined ? {} : { retry }),
  }
}
