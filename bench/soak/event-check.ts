import { type Script, eventAt, eventCount } from './script.ts'

/** Compares a stream with its script while it comes. */
export interface EventCheck {
  /** The next part of the stream, as latin1: one character is one byte. */
  push(text: string): void
  /** Events that came as they had to. */
  readonly events: number
  /** All of them have come, and nothing else. */
  readonly isComplete: boolean
  /** The code of the gateway's error event; `null` without one. */
  readonly errorCode: string | null
  /** The first thing that should not be there; `null` while all is well. */
  readonly problem: string | null
}

/** The comment lines that keep a quiet stream alive; they stand between events only. */
const COMMENTS = /^(?::.*\n)+/

const ERROR_EVENT = /^event: error\ndata: (.*)\n\n$/

/** Every byte has to be the script's, but for comments between events and one error event at the end. */
export function eventCheck(script: Script): EventCheck {
  let pending = ''
  let events = 0
  let errorCode: string | null = null
  let problem: string | null = null

  function take(event: string): void {
    const failure = ERROR_EVENT.exec(event)?.[1]
    if (errorCode !== null) problem ??= `after the error event: ${event}`
    else if (failure !== undefined) errorCode = codeIn(failure)
    else if (event === wireOf(eventAt(script, events))) events += 1
    else problem ??= `event ${events} of script ${script.id} is ${event}`
  }

  return {
    push(text) {
      pending = (pending + text).replace(COMMENTS, '')
      for (let end = pending.indexOf('\n\n'); end !== -1; end = pending.indexOf('\n\n')) {
        take(pending.slice(0, end + 2))
        pending = pending.slice(end + 2).replace(COMMENTS, '')
      }
    },
    get events() {
      return events
    },
    get isComplete() {
      return events === eventCount(script) && pending === '' && problem === null && errorCode === null
    },
    get errorCode() {
      return errorCode
    },
    get problem() {
      return problem
    },
  }
}

/** As the reader hands it over: UTF-8, one character a byte. */
export const wireOf = (text: string | null): string => Buffer.from(text ?? '').toString('latin1')

/** The `code` of an error's body; what is not one is its own code. */
export function codeIn(body: string): string {
  try {
    const { code }: { readonly code?: unknown } = JSON.parse(body)
    return String(code)
  } catch {
    return `not an error body: ${body.slice(0, 80)}`
  }
}
