import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'bun:test'
import { parse } from 'yaml'
import { catalog } from '../providers/catalog.ts'
import { providerSettings } from './provider-settings.ts'
import { rowsOf } from './setting.ts'
import { settings as table } from './settings.ts'

interface ContractSetting {
  readonly env: string
  readonly type: string
  readonly default?: string
  readonly secret?: boolean
}

interface Contract {
  readonly components: {
    readonly schemas: {
      readonly Config: {
        readonly 'x-config': {
          readonly sections: readonly Readonly<Record<string, { readonly settings: readonly ContractSetting[] }>>[]
        }
      }
    }
  }
}

const root = resolve(import.meta.dir, '../../../..')
/** The contract as published here, and the one it grew from where that lies beside the checkout. */
const contracts = ['openapi.yaml', '../shared/spec/openapi.yaml'].filter((path) => existsSync(resolve(root, path)))
const CONTRACT_TYPES: Readonly<Record<string, string>> = {
  bool: 'bool',
  int: 'int',
  bytes: 'int',
  duration: 'time.Duration',
}

const rows = [...rowsOf(table), ...catalog.flatMap((provider) => rowsOf(providerSettings(provider)))]

test('there is a contract to hold the settings against', () => {
  expect(contracts).not.toEqual([])
})

describe.each(contracts)('x-config of %s', (path) => {
  const contract = parse(readFileSync(resolve(root, path), 'utf8')) as Contract
  const { sections } = contract.components.schemas.Config['x-config']
  const settings = sections.flatMap((section) => Object.values(section).flatMap((part) => part.settings))

  test('names at least the thirty-one settings it started with', () => {
    expect(settings.length).toBeGreaterThanOrEqual(31)
  })

  test.each(settings.map((setting) => [setting.env, setting] as const))(
    '%s has its type and default',
    (env, setting) => {
      const row = rows.find((candidate) => candidate.env === env)
      expect({
        type: row && (CONTRACT_TYPES[row.read.kind] ?? 'string'),
        default: (row?.fallback ?? row?.otherwise ?? '') || undefined,
        secret: row?.secret ?? false,
      }).toEqual({ type: setting.type, default: setting.default, secret: setting.secret ?? false })
    },
  )
})
