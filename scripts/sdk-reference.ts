/** The SDK's reference: every public name with its docstring, as the sources have them. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Class, type ClassElement, parseSync, type Program, type Statement } from 'oxc-parser'
import { page, paragraph } from './markdown.ts'

const PACKAGES = join(import.meta.dir, '../packages')
const ENTRIES = ['index', 'tools', 'schema', 'testing', 'ai-sdk']

interface Source {
  readonly path: string
  readonly text: string
  readonly program: Program
  /** Docstrings, by where they end. */
  readonly docs: ReadonlyMap<number, string>
}

/** A public name, as its source declares it. */
interface Declaration {
  readonly doc: string
  readonly signature: string
}

function read(path: string): Source {
  const text = readFileSync(path, 'utf8')
  const { program, comments } = parseSync(path, text)
  const docs = comments.filter(({ value }) => value.startsWith('*'))
  return { path, text, program, docs: new Map(docs.map(({ end, value }) => [end, value.slice(1)])) }
}

/** The file that a source names in an import: its neighbour, or one of the protocol's. */
const fileOf = (from: Source, name: string) =>
  name.startsWith('.')
    ? join(dirname(from.path), name)
    : `${name.replace('@inference-gateway/protocol', join(PACKAGES, 'protocol/src'))}.ts`

/** What an entry exports, in its order. Throws Error for a name without a docstring. */
function* exportsOf(source: Source): Generator<readonly [name: string, declaration: Declaration]> {
  for (const statement of source.program.body) {
    if (statement.type !== 'ExportNamedDeclaration') continue
    const name = declaredName(statement)
    if (name !== undefined) yield [name, declarationIn(source, name)]
    for (const { exported } of statement.specifiers)
      if (exported.type === 'Identifier' && statement.source !== null)
        yield [exported.name, declarationIn(read(fileOf(source, statement.source.value)), exported.name)]
  }
}

function declaredName(statement: Statement): string | undefined {
  const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : null
  if (declared === null) return undefined
  if (declared.type === 'VariableDeclaration') {
    const [first] = declared.declarations
    return first?.id.type === 'Identifier' ? first.id.name : undefined
  }
  return 'id' in declared && declared.id?.type === 'Identifier' ? declared.id.name : undefined
}

function declarationIn(source: Source, name: string): Declaration {
  const statement = source.program.body.find((each) => declaredName(each) === name)
  if (statement === undefined) throw new Error(`${source.path} does not declare ${name}.`)
  const doc = docBefore(source, statement.start)
  if (doc === '') throw new Error(`${name} is public and has no docstring: ${source.path}`)
  return { doc, signature: signatureOf(source, statement) }
}

/** The docstring right before a place, without its asterisks. What is a blank line away is about something else. */
function docBefore({ text, docs }: Source, start: number): string {
  const doc = docs.get(text.slice(0, start).replace(/\n$/, '').length) ?? ''
  return doc.replaceAll(/^ *\* ?/gm, '').trim()
}

function signatureOf({ text, ...source }: Source, statement: Statement): string {
  const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : null
  if (declared === null) return ''
  if (declared.type === 'ClassDeclaration') return classSignature({ text, ...source }, declared)
  const end = 'body' in declared && declared.type === 'FunctionDeclaration' ? declared.body?.start : declared.end
  return text.slice(declared.start, end).trim()
}

function classSignature(source: Source, declared: Class): string {
  const members = declared.body.body.flatMap((member) => memberSignature(source, member))
  const head = source.text.slice(declared.start, declared.body.start).trim()
  return members.length === 0 ? `${head} {}` : `${head} {\n${members.join('\n')}\n}`
}

/** A member with its docstring. Left out: what is private or overridden, and a constructor that nobody explains. */
function memberSignature({ text, docs }: Source, member: ClassElement): string[] {
  if (member.type !== 'MethodDefinition' && member.type !== 'PropertyDefinition') return []
  if (member.key.type === 'PrivateIdentifier' || member.override) return []
  const end = member.type === 'MethodDefinition' ? member.value.body?.start : member.value?.start
  const signature = text.slice(member.start, end ?? member.end).replace(/\s*=?\s*$/, '')
  const before = text.slice(0, member.start).trimEnd()
  const doc = docs.get(before.length)
  if (doc === undefined && member.key.type === 'Identifier' && member.key.name === 'constructor') return []
  return doc === undefined ? [`  ${signature}`] : [`  /*${doc.replace(/^/, '*')}*/`, `  ${signature}`]
}

/** `told`: the names that have had their turn. Several entries export the same types. */
function entryBlocks(entry: string, told: Set<string>): readonly string[] {
  const all = [...exportsOf(read(join(PACKAGES, 'sdk/src', `${entry}.ts`)))]
  const names = all.filter(([name]) => !told.has(name))
  for (const [name] of names) told.add(name)
  const path = entry === 'index' ? '' : `/${entry}`
  return [
    `## @inference-gateway/sdk${path}`,
    ...names.flatMap(([name, { doc, signature }]) => [`### ${name}`, doc, `\`\`\`ts\n${signature}\n\`\`\``]),
  ]
}

/** The page of the SDK. */
export function sdkPage(): string {
  const told = new Set<string>()
  return page(
    'SDK',
    paragraph(
      'Every public name of `@inference-gateway/sdk`, as its sources declare and explain it. How they go together is told',
      'by [its README](../../packages/sdk/README.md).',
    ),
    ...ENTRIES.flatMap((entry) => entryBlocks(entry, told)),
  )
}
