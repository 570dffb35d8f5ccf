import { expect, test } from 'bun:test'
import { catalog } from '../providers/catalog.ts'
import { flags, helpText } from './help.ts'
import { rowsOf } from './setting.ts'
import { settingGroups, settings } from './settings.ts'

const help = helpText(catalog)

test('--help names every setting with its default, every flag and every provider', () => {
  for (const { env, fallback } of rowsOf(settings)) {
    expect(help).toMatch(new RegExp(`^  ${env}(?: |$)`, 'm'))
    expect(help.replace(/\s+/g, ' ')).toContain(fallback ?? '')
  }
  for (const flag of Object.keys(flags)) expect(help).toContain(`  ${flag} `)
  for (const { id } of catalog) expect(help).toMatch(new RegExp(`\\b${id.toUpperCase()}\\b`))
})

test('--help fits into 100 columns and holds no markup', () => {
  expect(help.split('\n').filter((line) => line.length > 100 || line !== line.trimEnd())).toEqual([])
  expect(help).not.toContain('`')
})

test('--help names the words of a setting that takes a few', () => {
  expect(help.replace(/\s+/g, ' ')).toContain('One of: openai or native.')
})

test('every setting stands under exactly one heading', () => {
  expect(settingGroups.flatMap((group) => rowsOf(group.settings))).toEqual([...rowsOf(settings)])
})
