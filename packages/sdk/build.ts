/**
 * `npm run build:sdk [-- folder]`: builds what is published into `dist`, a package of its own, to be installed from there or
 * published. The parts of other packages that travel along are built in; the runtime dependencies are none.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import process from 'node:process'
import { build, type BuildConfig, type BunPlugin } from 'bun'
import manifest from './package.json' with { type: 'json' }

const here = import.meta.dir
const dist = resolve(process.argv[2] ?? join(here, 'dist'))
const root = join(here, '../..')

/** Entries that every program may load. */
const portable = ['index', 'tools', 'schema'] as const

/** Entries for one purpose each, as ES modules only: the AI SDK is one as well, and `testing` needs to know where it is. */
const modules = ['ai-sdk', 'testing'] as const

/** Loaded when they are first asked for, so that a page does not wait for them. */
const late = ['chat/parse', 'chat/pass-on', 'chat/split', 'chat/steps', 'proxy-call'] as const

/**
 * The bundler's own splitting would rename the classes people see in stack traces. Instead the classes of errors stay in
 * the entry that has them all, and what others need of it is loaded from there.
 */
const besideIndex = (path: string) => outside(/\/(?:errors|index)\.ts$/, path)

/** The gateway of the tests is a program of its own. */
const besideGateway = outside(/\/testing\/serve\.ts$/, './testing/serve.js')

/** Leaves the files that match where they are: they are loaded from `path`. */
function outside(filter: RegExp, path: string): BunPlugin {
  return {
    name: path,
    setup: (build) =>
      void build.onResolve({ filter }, ({ importer }) => (importer === '' ? undefined : { path, external: true })),
  }
}

async function bundle(entries: readonly string[], options: Partial<BuildConfig>): Promise<void> {
  const entrypoints = entries.map((entry) => join(here, 'src', `${entry}.ts`))
  const result = await build({ entrypoints, outdir: dist, target: 'browser', ...options })
  if (!result.success) throw new AggregateError(result.logs, 'The build failed.')
}

async function bundleAll(): Promise<void> {
  const besideSchema = (path: string) => outside(/\/schema\.ts$/, path)
  const besideLate = late.map((name) => outside(new RegExp(`/${basename(name)}\\.ts$`), `./${name}.js`))
  await bundle(['index'], { plugins: besideLate })
  await bundle(['tools', 'schema', 'ai-sdk'], {
    external: ['@ai-sdk/provider'],
    plugins: [besideIndex('./index.js'), besideSchema('./schema.js')],
  })
  await bundle([...late], {
    root: join(here, 'src'),
    plugins: [besideIndex('../index.js'), besideSchema('../schema.js')],
  })
  const commonJs = { format: 'cjs', naming: '[name].cjs' } as const
  await bundle(['index'], commonJs)
  await bundle(portable.slice(1), { ...commonJs, plugins: [besideIndex('./index.cjs')] })
  await bundle(['testing'], { target: 'node', plugins: [besideGateway] })
  await bundle(['testing/serve'], { target: 'bun', minify: true, outdir: join(dist, 'testing') })
}

/** Declarations, once for each module system, with the types of other packages beside them. */
function declare(): void {
  const out = join(dist, '.types')
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: out,
    rootDir: root,
    types: ['bun'],
  }
  const config = join(here, `tsconfig.${process.pid}.json`) // beside the sources: that is where types are looked for
  writeFileSync(
    config,
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions,
      include: ['src', '../protocol/src'],
      exclude: ['**/*.test.ts'],
    }),
  )
  const { stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', config], { encoding: 'utf8' })
  rmSync(config)
  // The gateway's own declarations are not wanted here, nor is it this build that checks them.
  const errors = stdout.split('\n').filter((line) => line.startsWith('src/'))
  if (errors.length > 0) throw new Error(`The declarations failed.\n${errors.join('\n')}`)
  for (const [from, to] of [
    ['packages/sdk/src', '.'],
    ['packages/protocol/src', 'protocol'],
  ] as const)
    for (const file of readdirSync(join(out, from), { recursive: true, encoding: 'utf8' }))
      copyDeclaration(join(out, from, file), join(to, file))
  rmSync(out, { recursive: true })
}

function copyDeclaration(from: string, to: string): void {
  // The script's provider is a part of the gateway of the tests, which is built as a whole.
  if (!to.endsWith('.d.ts') || to.includes('script-provider')) return
  const text = readFileSync(from, 'utf8')
  const protocol = relative(dirname(to), 'protocol') || '.'
  for (const extension of ['js', 'cjs']) {
    const written = text
      .replaceAll(
        /(['"])@inference-gateway\/protocol\/([\w-]+)\1/g,
        `'${protocol.startsWith('.') ? '' : './'}${protocol}/$2.${extension}'`,
      )
      .replaceAll(/(['"])(\.\.?\/[^'"]+)\.ts\1/g, `'$2.${extension}'`)
    const file = join(dist, to.replace(/\.d\.ts$/, extension === 'js' ? '.d.ts' : '.d.cts'))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, written)
  }
}

/** The manifest of what is published. */
function publishedManifest(): unknown {
  const {
    name,
    version,
    description,
    license,
    type,
    sideEffects,
    keywords,
    engines,
    peerDependencies,
    peerDependenciesMeta,
  } = manifest
  const both = (entry: string) => ({
    import: { types: `./${entry}.d.ts`, default: `./${entry}.js` },
    require: { types: `./${entry}.d.cts`, default: `./${entry}.cjs` },
  })
  const one = (entry: string) => ({ types: `./${entry}.d.ts`, default: `./${entry}.js` })
  const exports = {
    '.': both('index'),
    ...Object.fromEntries(portable.slice(1).map((entry) => [`./${entry}`, both(entry)])),
    ...Object.fromEntries(modules.map((entry) => [`./${entry}`, one(entry)])),
    './package.json': './package.json',
  }
  const old = { main: './index.cjs', module: './index.js', types: './index.d.ts' } // for what reads no `exports`
  const facts = { name, version, description, license, keywords, type, sideEffects, engines }
  return { ...facts, exports, ...old, peerDependencies, peerDependenciesMeta }
}

/** A page of the repository, with its links to the other page leading there in the package too. */
function copyPage(from: string, to: string, links: Readonly<Record<string, string>>): void {
  const text = Object.entries(links).reduce(
    (page, [link, name]) => page.replaceAll(`](${link})`, `](${name})`),
    readFileSync(join(root, from), 'utf8'),
  )
  writeFileSync(join(dist, to), text)
}

rmSync(dist, { recursive: true, force: true })
await bundleAll()
declare()
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(publishedManifest(), null, 2)}\n`)
copyPage('packages/sdk/README.md', 'README.md', { '../../docs/reference/sdk.md': 'REFERENCE.md' })
copyPage('docs/reference/sdk.md', 'REFERENCE.md', { '../../packages/sdk/README.md': 'README.md' })
copyFileSync(join(root, 'LICENSE'), join(dist, 'LICENSE'))
