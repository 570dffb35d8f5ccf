/** Time as a parameter. `now` is for the wall (ms since 1970), `elapsed` for durations (ms, monotonic). */
export interface Clock {
  now(): number
  elapsed(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
}
