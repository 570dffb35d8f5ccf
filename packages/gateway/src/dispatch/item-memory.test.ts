import { describe, expect, test } from 'bun:test'
import { createItemMemory } from './item-memory.ts'

const ref = (id: string) => ({ type: 'item_reference', id })
const item = (id: string, text = '') => ({ type: 'message', id, text })

describe('the memory of items', () => {
  test('puts items in the place of what refers to them', () => {
    const memory = createItemMemory()
    memory.note('ann', [item('a'), item('b')])
    const input = [{ role: 'user', content: 'Hi' }, ref('b'), ref('a')]
    expect(memory.recall('ann', { model: 'm', input })).toEqual({ model: 'm', input: [input[0], item('b'), item('a')] })
  })

  test('knows nothing of what others were told, nor of what nobody was', () => {
    const memory = createItemMemory()
    memory.note('ann', [item('a')])
    expect(memory.recall('bob', { input: [ref('a')] })).toEqual({ input: [ref('a')] })
    expect(memory.recall('ann', { input: [ref('x')] })).toEqual({ input: [ref('x')] })
  })

  test('forgets the oldest when it is full', () => {
    const memory = createItemMemory(120)
    for (const id of ['a', 'b', 'c']) memory.note('ann', [item(id, 'x'.repeat(20))])
    expect(memory.recall('ann', { input: [ref('a'), ref('c')] })).toEqual({
      input: [ref('a'), item('c', 'x'.repeat(20))],
    })
  })

  test('holds nothing that alone is too large', () => {
    const memory = createItemMemory(50)
    memory.note('ann', [item('a', 'x'.repeat(100))])
    memory.note('ann', [item('b')])
    expect(memory.recall('ann', { input: [ref('a'), ref('b')] })).toEqual({ input: [ref('a'), item('b')] })
  })

  test('leaves a request without references as it is', () => {
    const request = { input: 'Hi' }
    expect(createItemMemory().recall('ann', request)).toBe(request)
  })
})
