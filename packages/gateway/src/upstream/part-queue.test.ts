import { expect, test } from 'bun:test'
import { PartQueue } from './part-queue.ts'

/** Takes pieces of at most `limitBytes` until nothing waits. */
function drained(parts: readonly string[], limitBytes: number): string[] {
  const queue = new PartQueue()
  for (const part of parts) queue.push(Buffer.from(part))
  const pieces: string[] = []
  for (let piece = queue.take(limitBytes); piece !== null; piece = queue.take(limitBytes))
    pieces.push(Buffer.from(piece).toString())
  expect(queue.bytes).toBe(0)
  return pieces
}

test.each([
  ['nothing of nothing', [], 4, []],
  ['what has come', ['abc'], 4, ['abc']],
  ['many parts in one piece', ['a', 'b', 'c'], 4, ['abc']],
  ['no more than the limit of one part', ['abcdefghij'], 4, ['abcd', 'efgh', 'ij']],
  ['no more than the limit of many', ['abc', 'def', 'ghi', 'j'], 4, ['abcd', 'efgh', 'ij']],
  ['exactly the limit', ['ab', 'cd', 'ef', 'gh'], 4, ['abcd', 'efgh']],
] as const)('gives %s', (_, parts, limitBytes, pieces) => {
  expect(drained(parts, limitBytes)).toEqual([...pieces])
})

test('knows how much waits', () => {
  const queue = new PartQueue()
  queue.push(Buffer.from('abcdef'))
  queue.take(4)
  queue.push(Buffer.from('g'))
  expect(queue.bytes).toBe(3)
})
