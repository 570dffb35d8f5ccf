import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { boundaryOf, createFormScanner } from './form.ts'
import { requireOneReading } from './form-reading.ts'

const TYPE = 'multipart/form-data; boundary=b'
const FORM = [
  '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nok\r\n',
  '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n\r\n--\r\n',
  '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nbad\r\n--b--\r\n',
].join('')

/** What decides how a form is read. */
const PIECES = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  '--b',
  '--',
  '"',
  ';',
  '=',
  'name="model"',
  'name="x"',
  ':',
  '\\',
  'b',
  'x',
]
const change = fc.record({
  at: fc.nat(FORM.length),
  gone: fc.nat(12),
  come: fc.array(fc.constantFrom(...PIECES), { maxLength: 3 }).map((pieces) => pieces.join('')),
})

function ours(form: Uint8Array): readonly string[] | null {
  try {
    requireOneReading(TYPE, form)
  } catch {
    return null
  }
  const scanner = createFormScanner(boundaryOf(TYPE) ?? '', 'model')
  scanner.push(form)
  return scanner.values.map(({ text }) => text)
}

/** The runtime's own reader. What it makes of a name is its own affair: `model` alone is asked for. */
async function theirs(form: Uint8Array<ArrayBuffer>): Promise<readonly unknown[] | null> {
  const read = await new Response(form, { headers: { 'content-type': TYPE } }).formData().catch(() => null)
  return read && Promise.all(read.getAll('model').map((value) => (typeof value === 'string' ? value : value.text())))
}

test('where a form has one reading, another reader finds the same models', async () => {
  let alike = 0
  const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
    const text = changes.reduce((form, { at, gone, come }) => form.slice(0, at) + come + form.slice(at + gone), FORM)
    const form = new TextEncoder().encode(text)
    const [own, other] = [ours(form), await theirs(form)]
    if (own === null || other === null) return
    expect(other).toEqual(own)
    alike++
  })
  await fc.assert(property, { numRuns: 3000, seed: 1 })
  expect(alike).toBeGreaterThan(100)
})
