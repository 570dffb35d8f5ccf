import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway } from '../../gateway/test/support/gateway.ts'
import { createConsumer, MODULES, SDK } from './support/consumer.ts'

const server = await startGateway({ env: { SIMULATOR_ENABLED: 'true' } })
const { project, built, run, write, install, remove } = createConsumer({ INFERENCE_GATEWAY_URL: server.url })

beforeAll(install, 60_000)

afterAll(async () => {
  remove()
  await server.close()
})

const readme = readFileSync(join(SDK, 'README.md'), 'utf8')

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

  test('is built and installed as the README says', async () => {
    const [, build, install = ''] = /^```sh\n(.*?) +#.*\n(.*?) +#.*\n```$/m.exec(readme) ?? []
    expect(build).toBe('npm run build:sdk') // as the consumer of these tests has done, into a folder of its own
    expect(install).toMatch(/^npm install \S+\/packages\/sdk\/dist$/)
    const other = join(project, 'other')
    mkdirSync(other)
    write('other/package.json', '{ "type": "module" }')
    await run('npm', '--prefix', other, 'install', '--offline', '--no-audit', '--no-fund', built)
    write('other/run.mjs', `import { Gateway } from '@inference-gateway/sdk'\nconsole.log(new Gateway().baseURL)`)
    expect(await run('node', 'other/run.mjs')).toBe(`${server.url}\n`)
  }, 60_000)

  test.each(['README.md', 'REFERENCE.md'])('every link of its %s leads somewhere', (page) => {
    const text = readFileSync(join(built, page), 'utf8')
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)].map(([, target = '']) => target)
    expect(links.filter((target) => target.startsWith('..') || !existsSync(join(built, target)))).toEqual([])
    expect(links.length).toBeGreaterThan(0)
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
  test.each(sizes)('%s is small, and the README says how small', async (_name, text, limit) => {
    const entry = join(project, write('size.mjs', text))
    const options = { minify: true, splitting: true, modulePreload: false, target: 'browser' } as const
    const { outputs } = await Bun.build({ entrypoints: [entry], ...options })
    const files = new Map(await Promise.all(outputs.map(async (output) => [output.path, await output.text()] as const)))
    const size = Bun.gzipSync(loadedAtOnce(files, './size.js')).byteLength
    console.log(`minified and gzipped: ${size} bytes`)
    expect(size).toBeLessThanOrEqual(limit)
    const told = [...readme.matchAll(/([\d.]+) KB/g)].map(([, kb]) => Number(kb))
    expect(told.some((kb) => Math.abs(kb - size / 1024) <= 0.15)).toBe(true)
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

describe('on Node', () => {
  test('nothing warns of a leak when many calls share a signal', async () => {
    const program = `import { Gateway } from '@inference-gateway/sdk'
      process.on('warning', ({ name }) => console.log(name))
      const gw = new Gateway({ defaults: { model: 'simulator/echo?ttft=0' } })
      const { signal } = new AbortController()
      const answers = await Promise.all(Array.from({ length: 30 }, () => gw.chat({ messages: 'Hi' }, { signal })))
      console.log(answers.length)`
    expect(await run('node', write('many.mjs', program))).toBe('30\n')
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

  test('which says what it lacks where there is no Bun', async () => {
    const alone = mkdtempSync(join(tmpdir(), 'sdk-alone-'))
    cpSync(built, alone, { recursive: true })
    const program = `import { startGateway } from '${alone}/testing.js'
      console.log(await startGateway().catch(({ message }) => message))`
    expect(await run('node', write('alone.mjs', program))).toContain('npm install --save-dev bun')
    rmSync(alone, { recursive: true })
  })
})

describe('its types', () => {
  const names = `import { Gateway } from '@inference-gateway/sdk'\nimport { fromJsonSchema } from '@inference-gateway/sdk/schema'\nimport { tool } from '@inference-gateway/sdk/tools'`
  const own = `import { startGateway } from '@inference-gateway/sdk/testing'\nvoid startGateway\n`
  const program = `${names}
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
  const page = { lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable', 'dom.asynciterable'], types: [] }
  const projects: [string, string[], object][] = [
    ['for both module systems', ['types.mts', 'types.cts'], page],
    ['on Node, which has no page', ['types.mts'], { lib: ['es2023'], types: ['node'] }],
  ]
  test.each(projects)(
    'hold %s',
    async (_name, files, options) => {
      write('types.mts', own + program)
      write('types.cts', program)
      const compilerOptions = {
        module: 'nodenext',
        target: 'es2022',
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        noEmit: true,
        skipLibCheck: false,
        ...options,
      }
      write('tsconfig.json', JSON.stringify({ compilerOptions, files }))
      expect(await run(join(MODULES, '.bin/tsc'), '-p', '.')).toBe('')
    },
    60_000,
  )

  test('say of everything what it is', () => {
    for (const file of new Bun.Glob('**/*.d.ts').scanSync(built)) {
      const code = readFileSync(join(built, file), 'utf8').replaceAll(/\/\*\*.*?\*\//gs, '')
      expect([file, code]).not.toEqual([file, expect.stringMatching(/\bany\b/)])
    }
  })
})

describe('every snippet of the README runs', () => {
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
