import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { startGateway } from '../../gateway/test/support/gateway.ts'

const SDK = resolve(import.meta.dir, '..')
const MODULES = resolve(SDK, '../../node_modules')

/** A project that has installed the package as it is published, and nothing of this repository. */
const project = mkdtempSync(join(tmpdir(), 'sdk-consumer-'))
const built = join(project, 'node_modules/@inference-gateway/sdk')
const server = await startGateway({ env: { SIMULATOR_ENABLED: 'true' } })

beforeAll(async () => {
  mkdirSync(dirname(built), { recursive: true })
  await run('bun', join(SDK, 'build.ts'), built)
  mkdirSync(join(project, 'node_modules/@ai-sdk'))
  for (const name of ['@ai-sdk/provider', 'ai', 'arktype', 'bun', 'valibot', 'zod', '@types'])
    symlinkSync(join(MODULES, name), join(project, 'node_modules', name))
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
}, 60_000)

afterAll(async () => {
  rmSync(project, { recursive: true })
  await server.close()
})

/** Runs a program in the project and gives what it printed. Throws with what it complained of. */
async function run(...command: [string, ...string[]]): Promise<string> {
  const [program, ...rest] = command
  const path = program === 'bun' ? process.execPath : program
  const env = { ...process.env, INFERENCE_GATEWAY_URL: server.url, NO_COLOR: '1' }
  const child = Bun.spawn([path, ...rest], { cwd: project, env, stdout: 'pipe', stderr: 'pipe' })
  const [output, complaints, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code !== 0) throw new Error(`${command.join(' ')} exited with ${code}:\n${output}${complaints}`)
  return output
}

function write(name: string, text: string): string {
  writeFileSync(join(project, name), text)
  return name
}

/** A file with all that it imports, but not what it loads later, if ever. */
function loadedAtOnce(files: ReadonlyMap<string, string>, path: string, seen = new Set<string>()): string {
  if (seen.has(path)) return ''
  seen.add(path)
  const text = files.get(path) ?? ''
  const imports = [...text.matchAll(/(?:from|import) ?"([^"]+)"/g)].map(([, name = '']) => name)
  return imports.map((name) => loadedAtOnce(files, name, seen)).join('') + text
}

describe('the package as it is published', () => {
  const manifest = () => JSON.parse(readFileSync(join(built, 'package.json'), 'utf8')) as Record<string, unknown>

  test('depends on nothing and may be published', () => {
    expect(manifest()).toMatchObject({ name: '@inference-gateway/sdk', sideEffects: false })
    for (const name of ['dependencies', 'devDependencies', 'private', 'scripts'])
      expect(manifest()).not.toHaveProperty(name)
  })

  test('says nothing of packages that nobody has', async () => {
    for (const file of new Bun.Glob('**/*.{js,cjs,d.ts,d.cts}').scanSync(built))
      expect([file, readFileSync(join(built, file), 'utf8')]).not.toEqual([
        file,
        expect.stringMatching(/(?:from|import\(|require\() ?['"]@inference-gateway\/protocol/),
      ])
  })

  test.each(['index.js', 'index.cjs', 'tools.js', 'tools.cjs', 'schema.js', 'schema.cjs', 'ai-sdk.js'])(
    '%s runs where there is no Node',
    (file) =>
      expect(readFileSync(join(built, file), 'utf8')).not.toMatch(
        /['"](?:node|bun):|\bBuffer\b|\brequire\(['"](?!\.\/index)/,
      ),
  )

  const sizes: [string, string, number][] = [
    [
      'the core',
      `import { Gateway } from '@inference-gateway/sdk'\nconsole.log(await new Gateway().chat({ model: 'm', messages: 'Hi' }))`,
      8192,
    ],
    [
      '/tools',
      `import { Gateway } from '@inference-gateway/sdk'\nimport { tool } from '@inference-gateway/sdk/tools'\nconsole.log(Gateway, tool)`,
      8192 + 2048,
    ],
  ]
  test.each(sizes)('%s is small', async (_name, text, limit) => {
    const entry = join(project, write('size.mjs', text))
    const options = { minify: true, splitting: true, modulePreload: false, target: 'browser' } as const
    const { outputs } = await Bun.build({ entrypoints: [entry], ...options })
    const files = new Map(await Promise.all(outputs.map(async (output) => [output.path, await output.text()] as const)))
    const size = Bun.gzipSync(loadedAtOnce(files, './size.js')).byteLength
    console.log(`minified and gzipped: ${size} bytes`)
    expect(size).toBeLessThanOrEqual(limit)
  })

  test('classes keep their names, and nothing of the bundler’s is in it', () => {
    const text = readFileSync(join(built, 'index.js'), 'utf8')
    expect(text).toContain('class ModelNotFoundError extends NotFoundError {')
    expect(text).not.toMatch(/modulepreload|class \w+\d /)
  })

  test('is no large download', async () => {
    const packed = await run('tar', 'cz', '-C', built, '.').then((bytes) => bytes.length)
    expect(packed).toBeLessThan(400 * 1024)
  })
})

/** Where nobody listens. */
function nobody(): string {
  const gone = Bun.serve({ port: 0, fetch: () => new Response() })
  void gone.stop(true)
  return `http://127.0.0.1:${gone.port}`
}

const PROGRAM = `
const gw = new Gateway()
const schema = fromJsonSchema({ type: 'object', properties: { a: { type: 'number' } }, required: ['a'] })
const { parsed } = await gw.chat.parse({ model: 'simulator/json?ttft=0', messages: 'x', schema })
const add = tool({ name: 'add', input: schema, run: ({ a }) => a + 1 })
const run = await gw.chat.run({ model: 'simulator/tools?ttft=0', messages: 'x', tools: [add] })
const { text } = await gw.chat({ model: 'simulator/echo?ttft=0', messages: 'Hi' })
let streamed = ''
for await (const piece of gw.chat.stream({ model: 'simulator/echo?tps=0&ttft=0', messages: 'a b c' }).text()) streamed += piece
const error = await gw.chat({ model: 'simulator/error-500', messages: 'x' }, { maxRetries: 0 }).catch((error) => error)
let parse
try { parseArguments({ function: { name: 'f', arguments: '{' } }) } catch (error) { parse = error instanceof ParseError }
const cut = await gw.chat.stream({ model: 'simulator/cut?tps=0&ttft=0', messages: 'Hello!' }).final().catch((error) => error)
const left = gw.chat.stream({ model: 'simulator/stall?tps=0&ttft=0', messages: 'Hello!' })
for await (const _ of left) break
const late = await gw.chat({ model: 'simulator/stall', messages: 'x' }, { timeouts: { firstByte: 50 }, maxRetries: 0 }).catch((error) => error)
const nobody = await new Gateway({ baseURL: '${nobody()}', maxRetries: 0 }).health().catch((error) => error)
const aborted = await gw.chat({ model: 'simulator/stall', messages: 'x' }, { signal: AbortSignal.timeout(20) }).catch((error) => error)
console.log(JSON.stringify([parsed.a, run.text, text, streamed, error.name, error instanceof GatewayError, parse, cut.partial.text, late.phase, nobody.message.includes('ECONNREFUSED'), aborted.name]))
`
const EXPECTED = [
  1,
  'add answered: 2.',
  'Hi',
  'a b c',
  'ServerError',
  true,
  true,
  'Hello! I am the',
  'firstByte',
  true,
  'AbortError',
]

describe('on Node', () => {
  test('as an ES module', async () => {
    const imports = `import { Gateway, GatewayError, ParseError } from '@inference-gateway/sdk'\nimport { parseArguments, tool } from '@inference-gateway/sdk/tools'\nimport { fromJsonSchema } from '@inference-gateway/sdk/schema'\n`
    expect(JSON.parse(await run('node', write('program.mjs', imports + PROGRAM)))).toEqual(EXPECTED)
  })

  test('as CommonJS', async () => {
    const imports = `const { Gateway, GatewayError, ParseError } = require('@inference-gateway/sdk')\nconst { parseArguments, tool } = require('@inference-gateway/sdk/tools')\nconst { fromJsonSchema } = require('@inference-gateway/sdk/schema')\n`
    const program = write('program.cjs', `${imports}async function main() {${PROGRAM}}\nvoid main()`)
    expect(JSON.parse(await run('node', program))).toEqual(EXPECTED)
  })

  test('with a gateway for tests, as a child process that ends with its parent', async () => {
    const program = `import { startGateway } from '@inference-gateway/sdk/testing'
      import { Gateway } from '@inference-gateway/sdk'
      const server = await startGateway({ sim: [{ match: /hi/i, reply: 'hello' }] })
      console.log((await new Gateway({ baseURL: server.url }).chat({ model: 'sim/any', messages: 'Hi' })).text)
      await server.close()
      const wrong = await startGateway({ env: { SERVER_PORT: 'many' } }).catch((error) => error)
      console.log(wrong.message.includes('SERVER_PORT'))
      console.log((await startGateway()).url)
      process.exit(0)`
    const [said, isTold, url] = (await run('node', write('own.mjs', program))).split('\n')
    expect([said, isTold]).toEqual(['hello', 'true'])
    const isGone = async () =>
      fetch(`${url}/health`).then(
        () => false,
        () => true,
      )
    while (!(await isGone())) await new Promise((resolve) => setTimeout(resolve, 20))
  })
})

test('its types hold for both module systems', async () => {
  const program = (load: string) => `${load}
    const gw = new Gateway({ provider: 'openai', apiKey: async () => 'x' })
    export async function main(): Promise<string> {
      const input = fromJsonSchema<{ city: string }>({ type: 'object' })
      const weather = tool({ name: 'weather', input, run: ({ city }, { signal }) => [city.length, signal.aborted] })
      const { parsed } = await gw.chat.parse({ model: 'm', messages: 'x', schema: input })
      for await (const event of gw.chat.stream({ messages: [{ role: 'user', content: 'x' }] })) if (event.type === 'text') event.text.length
      // @ts-expect-error there is no such role
      void gw.chat({ model: 'm', messages: [{ role: 'usr', content: 'x' }] })
      // @ts-expect-error the schema has no such member
      void parsed.town
      return parsed.city + (await gw.chat.run({ model: 'm', messages: 'x', tools: [weather] })).text
    }`
  const load = `import { Gateway } from '@inference-gateway/sdk'\nimport { fromJsonSchema } from '@inference-gateway/sdk/schema'\nimport { tool } from '@inference-gateway/sdk/tools'`
  const own = `import { startGateway } from '@inference-gateway/sdk/testing'\nvoid startGateway\n`
  write('types.mts', program(own + load))
  write('types.cts', program(load))
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable', 'dom.asynciterable'],
    types: [],
  }
  write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['types.mts', 'types.cts'] }))
  expect(await run(join(MODULES, '.bin/tsc'), '-p', '.')).toBe('')
})

describe('every snippet of the README runs', () => {
  const readme = readFileSync(join(SDK, 'README.md'), 'utf8')
  const snippets = [...readme.matchAll(/^## (.*)$|^```ts\n([\s\S]*?)^```$/gm)]
  let heading = 'First of all'
  let count = 0
  for (const [, title, code] of snippets) {
    if (title !== undefined) heading = title
    if (code === undefined) continue
    const name = `${heading}, ${++count}`
    test(name, async () => {
      const output = await run('bun', write(`snippet-${name.replaceAll(/\W+/g, '-')}.ts`, code))
      const promised = [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text = '']) => text)
      expect(promised.filter((text) => !output.includes(text))).toEqual([])
    })
  }

  test('and has the types it shows', async () => {
    const files = [...new Bun.Glob('snippet-*.ts').scanSync(project)]
    const compilerOptions = {
      module: 'nodenext',
      target: 'esnext',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: ['bun'],
      noPropertyAccessFromIndexSignature: true,
    }
    write('tsconfig.json', JSON.stringify({ compilerOptions, files }))
    expect(await run(join(MODULES, '.bin/tsc'), '-p', '.')).toBe('')
    expect(files.length).toBe(count)
  })
})
