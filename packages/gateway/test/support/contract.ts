import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

interface Resolved {
  readonly headers?: Readonly<Record<string, { readonly $ref?: string; readonly required?: boolean }>>
  readonly content?: Readonly<Record<string, unknown>>
}

/** The published contract, `openapi.yaml`, as far as the tests read it. */
interface Contract {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses?: Readonly<Record<string, Resolved>> }>>>
  >
  readonly components: {
    readonly schemas: {
      readonly Providers: {
        readonly enum: readonly string[]
        readonly 'x-provider-configs': Readonly<Record<string, ProviderConfig>>
      }
      readonly Config: {
        readonly 'x-config': {
          readonly sections: readonly Readonly<Record<string, { readonly settings: readonly ContractSetting[] }>>[]
        }
      }
    }
  }
}

export interface ProviderConfig {
  readonly id: string
  readonly url: string
  readonly auth_type: string
  readonly endpoints: Readonly<Record<'models' | 'chat', { readonly method: string; readonly endpoint: string }>>
}

export interface ContractSetting {
  readonly env: string
  readonly alias?: string
  readonly type: string
  readonly default?: string
  readonly secret?: boolean
}

export const contract = parse(readFileSync(resolve(import.meta.dir, '../../../../openapi.yaml'), 'utf8')) as Contract // its shape is what the tests are about

/** Every setting of `x-config`, without its sections. */
export const contractSettings: readonly ContractSetting[] = contract.components.schemas.Config[
  'x-config'
].sections.flatMap((section) => Object.values(section).flatMap(({ settings }) => settings))

// The contract holds members that are not JSON Schema's; formats without a check, such as float64, are fine.
const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false })
addFormats(ajv)
ajv.addSchema(contract, 'contract')

const pointer = (...parts: readonly string[]): string =>
  `#/${parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`

function problemsAt(reference: string, value: unknown): readonly string[] {
  const validate = ajv.getSchema(`contract${reference}`)
  if (validate === undefined) return [`the contract holds nothing at ${reference}`]
  if (validate(value) === true) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`)
}

/** What is wrong with a value, held against a schema under `components/schemas`; nothing when it fits. */
export const schemaProblems = (name: string, value: unknown): readonly string[] =>
  problemsAt(pointer('components', 'schemas', name), value)

/** An answer as the contract speaks of it. */
export interface ContractAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** What is wrong with an answer of a path: its status, its headers, its content type, its body. */
export function answerProblems(path: string, method: string, answer: ContractAnswer): readonly string[] {
  const responses = contract.paths[path]?.[method.toLowerCase()]?.responses ?? {}
  const status = String(answer.status) in responses ? String(answer.status) : 'default'
  const written = responses[status]
  if (written === undefined) return [`${method} ${path} does not say that it answers ${answer.status}`]
  const found = resolved(['paths', path, method.toLowerCase(), 'responses', status], written)
  const missing = Object.entries(found.value.headers ?? {})
    .filter(([name, header]) => headerOf(header).required === true && !answer.headers.has(name))
    .map(([name]) => `the header ${name} is missing`)
  return [...missing, ...bodyProblems(found, answer)]
}

function bodyProblems({ value, at }: Found, { headers, text }: ContractAnswer): readonly string[] {
  const type = headers.get('content-type')?.split(';')[0] ?? ''
  if (!(type in (value.content ?? {}))) return [`the content type ${type} is not in the contract`]
  const isJson = type === 'application/json'
  return problemsAt(pointer(...at, 'content', type, 'schema'), isJson ? JSON.parse(text) : text)
}

interface Found {
  readonly value: Resolved
  /** Where it stands in the contract. */
  readonly at: readonly string[]
}

function resolved(at: readonly string[], value: Resolved & { readonly $ref?: string }): Found {
  if (value.$ref === undefined) return { value, at }
  const target = value.$ref.slice(2).split('/')
  return { value: lookUp(target) as Resolved, at: target } // responses refer to responses
}

const headerOf = (header: { readonly $ref?: string; readonly required?: boolean }) =>
  header.$ref === undefined ? header : (lookUp(header.$ref.slice(2).split('/')) as typeof header) // headers to headers

const lookUp = (path: readonly string[]): unknown =>
  path.reduce<unknown>((value, part) => (value as Readonly<Record<string, unknown>>)[part], contract) // a JSON pointer
