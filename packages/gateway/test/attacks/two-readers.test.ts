import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { endedEarly } from '../faults/scene.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { ask, connect, type RawAnswer } from '../support/raw-client.ts'
import { BODY, type Framing, framings } from './framings.ts'
import { startNginx } from './origins/nginx.ts'
import { type Origin, origins, type SeenRequest, strictReader } from './origins/origins.ts'
import { get } from './wire-scene.ts'

/** A door that leads to an address. */
type Front = (address: string) => Promise<Origin>

const noFront: Front = (url) => Promise.resolve({ url, close: () => Promise.resolve() })

const pairs: [who: string, start: (() => Promise<Origin>) | null, front: Front | null][] = [
  ...Object.entries(origins).map(([name, start]): (typeof pairs)[number] => [
    `the gateway and ${name}`,
    start,
    noFront,
  ]),
  ['nginx in front and the gateway', strictReader, startNginx],
]

for (const [who, start, front] of pairs) {
  if (start === null || front === null) test.skip(`${who} read alike: it is not on this machine`, () => {})
  else describe(`${who} read alike`, () => readAlike(start, front))
}

function readAlike(start: () => Promise<Origin>, startFront: Front): void {
  let origin: Origin
  let gateway: TestGateway
  let front: Origin
  beforeAll(async () => {
    origin = await start()
    gateway = await startGateway({ providers: { openai: origin.url } })
    front = await startFront(gateway.url)
  })
  afterAll(async () => {
    await front.close()
    await gateway.close()
    await origin.close()
  })

  test('what is passed on, and pass on nothing else', async () => {
    await probe(front)
    const outcomes: (readonly RawAnswer[])[] = []
    const seen: SeenRequest[] = []
    for (const [index, framing] of framings.entries()) {
      outcomes.push(await play(front, framing, pathOf(index)))
      // On the connection that the case left behind, if any. What the gateway broke off may be told of later only.
      seen.push(...(await probe(front)))
    }
    const disagreements = framings.flatMap((framing, index) => {
      const own = seen.filter(({ target }) => target.endsWith(pathOf(index)))
      const wrong = disagreement(framing, outcomes[index] ?? [], own)
      return wrong === null ? [] : [[framing.what, wrong, outcomes[index]?.map(({ status }) => status), own]]
    })
    const passed = framings.filter((_, index) => seen.some(({ target }) => target.endsWith(pathOf(index)))).length
    expect(seen.filter(({ target }) => !CASE.test(target))).toEqual([])
    expect(disagreements).toEqual([])
    // Whoever passes on nothing always agrees.
    expect(passed).toBeGreaterThan(20)
    expect(passed).toBeLessThan(framings.length / 2)
  }, 60_000)
}

const pathOf = (index: number): string => `/case-${index}`
const CASE = /\/case-\d+$/

/** What is wrong about what came of a case; `null`: nothing. The second answer is that of the request behind it. */
function disagreement(
  { method, body }: Framing,
  [answer, , more]: readonly RawAnswer[],
  [first, ...others]: readonly SeenRequest[],
): string | null {
  if (more !== undefined) return 'it was answered twice'
  if (others.length > 0) return 'the origin has seen it twice'
  if (first === undefined) return (answer?.status ?? 400) < 400 ? 'the origin knows nothing of what was answered' : null
  if (first.method !== method) return 'the origin has seen another method'
  // Whole, or as far as its length says where what looks like chunks is not called so.
  const meant = [BODY, body, body.slice(0, BODY.length), '', null]
  return meant.includes(first.body) ? null : 'the origin has seen another body'
}

/** A case that is not over by then waits for more of its body. */
const PATIENCE_MS = 100

/** Sends a case on a connection of its own, and tells how it was answered. */
async function play({ url }: Origin, framing: Framing, path: string): Promise<readonly RawAnswer[]> {
  const { method, version, fields, body: sent } = framing
  const connection = await connect(url)
  const line = `${method} /proxy/openai${path} ${version}`
  await connection.send([line, 'host: gateway', ...fields, '', sent].join('\r\n'))
  const answers: RawAnswer[] = []
  const first = Promise.withResolvers<void>()
  const isOver = (async () => {
    for (;;) {
      const answer = await connection.answer(method)
      if (answer.status === 100) continue
      answers.push(answer)
      first.resolve()
    }
  })().catch(endedEarly)
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))
  await Promise.race([first.promise, isOver, patience])
  // Whatever was left over from the case would be the beginning of this.
  if (answers.length > 0) await connection.send(get('/health', ['host: a', 'connection: close'])).catch(() => {})
  await Promise.race([isOver, patience])
  connection.cut()
  return answers
}

/** What the origin has seen since this was asked last. */
async function probe({ url }: Origin): Promise<readonly SeenRequest[]> {
  const { status, text } = await ask(url, 'GET /proxy/openai/probe')
  expect(status).toBe(200)
  const seen: readonly SeenRequest[] = JSON.parse(text)
  expect(seen.at(-1)).toMatchObject({ method: 'GET', body: '' })
  // This question itself may have come twice, when a connection was kept that the server had just given up.
  return seen.slice(0, -1).filter(({ target }) => !/\/(?:models|probe)$/.test(target))
}
