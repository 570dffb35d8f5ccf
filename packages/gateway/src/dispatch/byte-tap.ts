import type { ChatTap } from './tap.ts'

const NOTHING = new Uint8Array(0)

/** Reads nothing: for bodies that are none of our business. A proper end of the connection is a proper end. */
export const byteTap: ChatTap = {
  push: (bytes) => bytes,
  end: () => NOTHING,
  isBetweenEvents: false,
  state: { hasContent: false, isFinished: true, isDone: false, error: null, usage: null },
}
