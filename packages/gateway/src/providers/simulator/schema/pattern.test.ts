import { describe, expect, test } from 'bun:test'
import { patternText } from './pattern.ts'

describe('patternText', () => {
  const matched: [string, number][] = [
    ['^[A-Z]{2}\\d{4}$', 0],
    ['^#[0-9a-fA-F]{6}$', 0],
    ['^(foo|bar)-\\d+$', 0],
    ['^(?:a|b){3,}$', 5],
    ['^(?<year>\\d{4})-(?<month>\\d{2})$', 0],
    ['^[a-z]+(-[a-z]+)*$', 12],
    ['^\\+?[1-9]\\d{1,14}$', 0],
    ['^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$', 0],
    ['^\\w+\\s\\w+$', 0],
    ['^.{3,5}$', 4],
    ['^a*?b$', 0],
    ['^[\\d.]+$', 3],
    ['^\\(\\d{3}\\) \\d{3}$', 0],
    ['plain', 0],
    ['^$', 0],
    ['^é😀$', 0],
  ]
  test.each(matched)('%s', (pattern, minLength) => {
    const text = patternText(pattern, minLength)
    expect(text).toMatch(new RegExp(pattern, 'u'))
    expect(text?.length ?? 0).toBeGreaterThanOrEqual(minLength)
  })

  const givenUp: [string, string][] = [
    ['looking ahead', '^(?=a)b'],
    ['referring back', '^(a)\\1$'],
    ['properties of characters', '^\\p{Lu}$'],
    ['an open class', '^[abc'],
    ['a bracket too many', 'a)b'],
    ['a range the wrong way round', '[^z-a]'],
    ['repeating without measure', '^((a{999}){999}){999}$'],
    ['a pattern without end', 'a'.repeat(501)],
  ]
  test.each(givenUp)('gives up on %s', (_name, pattern) => {
    expect(patternText(pattern, 0)).toBeNull()
  })

  test('is not slowed down by a pattern that is slow to run', () => {
    expect(patternText('^(a+)+b$', 900)).not.toBeUndefined()
  })
})
