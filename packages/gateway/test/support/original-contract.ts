import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

/** The contract that ours began as lies beside the checkout; without it what is held to it is skipped. */
const FILE = resolve(import.meta.dir, '../../../../../shared/spec/openapi.yaml')

export const hasOriginalContract = existsSync(FILE)

const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false })
addFormats(ajv)
if (hasOriginalContract) ajv.addSchema(parse(readFileSync(FILE, 'utf8')) as object, 'original') // an OpenAPI document

/** What is wrong with a value, held against the schema at this place of the original contract. */
function problemsAt(place: readonly string[], value: unknown): readonly string[] {
  const pointer = place.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')
  const validate = ajv.getSchema(`original#/${pointer}`)
  if (validate === undefined) return [`the original contract holds nothing at ${place.join(' ')}`]
  if (validate(value) === true) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** Held against a schema under `components/schemas`. */
export const originalSchemaProblems = (name: string, value: unknown): readonly string[] =>
  problemsAt(['components', 'schemas', name], value)

/** Held against what the operation itself says of its JSON answers of this status. */
export const originalAnswerProblems = (path: string, method: string, status: number, value: unknown) =>
  problemsAt(['paths', path, method, 'responses', String(status), 'content', 'application/json', 'schema'], value)
