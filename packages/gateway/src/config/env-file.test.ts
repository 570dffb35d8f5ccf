import fc from 'fast-check'
import { describe, expect, test } from 'bun:test'
import { parseEnvFile } from './env-file.ts'

describe('parseEnvFile', () => {
  test.each([
    ['a plain line', 'A=1', { A: '1' }],
    ['blanks around name and value', '  A =  1  ', { A: '1' }],
    ['an export', 'export A=1', { A: '1' }],
    ['CRLF', 'A=1\r\nB=2\r\n', { A: '1', B: '2' }],
    ['a byte order mark', '\uFEFFA=1', { A: '1' }],
    ['comments and empty lines', '# a\n\n   # b\nA=1', { A: '1' }],
    ['a comment behind a value', 'A=1 # one', { A: '1' }],
    ['a # inside a value', 'A=a#b', { A: 'a#b' }],
    ['nothing', 'A=', { A: '' }],
    ['nothing but a comment', 'A= # none', { A: '' }],
    ['equal signs in a value', 'A=b=c==', { A: 'b=c==' }],
    ['single quotes', 'A=\'a # \\n "b"\' # c', { A: 'a # \\n "b"' }],
    ['double quotes', 'A="a # \\"b\\"\\n\\\\ \\$" # c', { A: 'a # "b"\n\\ $' }],
    ['quotes inside a value', `A=it's`, { A: "it's" }],
    ['a $ as it stands', 'A=$HOME', { A: '$HOME' }],
  ])('reads %s', (_, text, values) => {
    expect(parseEnvFile(text)).toEqual({ name: '.env', values, isOurs: true, problems: [], warnings: [] })
  })

  test('takes the last of two, and says so', () => {
    const { values, warnings } = parseEnvFile('A=1\nB=1\nexport A=2\nA=3')
    expect(values).toEqual({ A: '3', B: '1' })
    expect(warnings).toEqual([
      '.env:3: A stands in line 1 already: this line counts.',
      '.env:4: A stands in line 3 already: this line counts.',
    ])
  })

  test.each(['canary', '=canary', '1A=canary', 'A B=canary', 'A="canary', "A='canary", 'A="a" canary', "A='a'canary"])(
    'tells the line of %p and does not show it',
    (line) => {
      const { values, problems } = parseEnvFile(`\n${line}\nB=2`, 'my.env')
      expect(problems).toEqual(['my.env:2: expected NAME=value, with every quote closed'])
      expect(values).toEqual({ B: '2' })
    },
  )

  test('gives back whatever was put into double quotes', () => {
    const quoted = (value: string): string =>
      `"${value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        // U+2028 and U+2029 end a line for the pattern, as they do in no file people write.
        fc.pre(!/[\u2028\u2029]/.test(value))
        return parseEnvFile(`A=${quoted(value)}`).values['A'] === value
      }),
    )
  })
})
