import { expect, test } from 'bun:test'
import { createLeaving } from './leaving.ts'

type Ask = 'SIGTERM' | 'SIGINT' | 'released'

/** Asks a gateway on which something runs to leave; answers what it has said, and the exit codes. */
function asked(asks: readonly Ask[]) {
  const said: string[] = []
  const codes: number[] = []
  const leaving = createLeaving({
    listener: {
      url: '',
      port: 0,
      stop: () => Promise.resolve(),
      pending: () => 1,
      closeAfterAnswers: () => {},
      renewTls: () => {},
    },
    gateway: { drain: () => {}, breakOff: () => {}, close: () => {} },
    monitoring: null,
    log: { info: (text) => said.push(text), warn: (text) => said.push(text), flush: () => {} },
    limits: { lameDuckMs: 5000, shutdownTimeoutMs: 0 },
    sleep: () => new Promise(() => {}), // it never gets there
    exit: (code) => codes.push(code),
  })
  for (const ask of asks) {
    if (ask === 'released') leaving.released()
    else leaving.obey(ask)
  }
  return { said: said.map((text) => text.split(/ on for| \d/)[0]), codes }
}

const TERM = 'SIGTERM: serving'
const BESIDE = 'SIGTERM: leaving already; once more stops at once'
const RELEASED = 'stopping with its launcher: serving'

test.each<[what: string, asks: readonly Ask[], said: readonly string[], codes: readonly number[]]>([
  ['one signal is obeyed in good order', ['SIGTERM'], [TERM], []],
  ['Ctrl-C waits for no load balancer', ['SIGINT'], ['SIGINT: finishing'], []],
  ['two signals end it at once', ['SIGTERM', 'SIGINT'], [TERM, 'SIGINT again: stopping at once,'], [1]],
  ['a launcher that lets go asks the same', ['released'], [RELEASED], []],
  ['a signal beside it is no second one', ['SIGTERM', 'released'], [TERM], []],
  ['whichever comes first', ['released', 'SIGTERM'], [RELEASED, BESIDE], []],
  [
    'a second signal is a second one',
    ['released', 'SIGTERM', 'SIGINT'],
    [RELEASED, BESIDE, 'SIGINT again: stopping at once,'],
    [1],
  ],
])('%s', (_, asks, said, codes) => {
  expect(asked(asks)).toEqual({ said: [...said], codes: [...codes] })
})
