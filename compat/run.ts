/**
 * `npm run compat [-- --write] [--within=SECONDS] [name …]`: runs the clients of other makers against the gateway and prints
 * how it went, with `--write` into docs/reference/compatibility.md. With names, only the clients whose name holds one of
 * them. Clients that need more than npm are begun within so many seconds, or left out. Exits with 1 when something went
 * otherwise than known.ts and the page say.
 */
import { resolve } from 'node:path'
import { type Client, type ClientResults, type Place, run, type Skipped } from './client.ts'
import { startGateway } from './gateway.ts'
import { installAgents, installClients } from './install.ts'
import { explained, surprises } from './known.ts'
import { matrixPage, staleRows } from './matrix.ts'
import { startProvider } from './provider/provider.ts'
import { type Environment, installPython, runPython } from './python.ts'
import { installRust, runRust } from './rust.ts'

const PAGE = resolve(import.meta.dir, '../docs/reference/compatibility.md')

/** Each loads its client by itself: they are there once they are installed. */
const clients: Readonly<Record<string, (place: Place) => Promise<Client>>> = {
  curl: async (place) => (await import('./clients/curl.ts')).curl(place),
  openai: async (place) => (await import('./clients/openai.ts')).currentOpenAi(place),
  'openai-previous': async (place) => (await import('./clients/openai.ts')).previousOpenAi(place),
  '@ai-sdk/openai-compatible': async (place) => (await import('./clients/ai-sdk.ts')).aiSdkCompatible(place),
  '@ai-sdk/openai': async (place) => (await import('./clients/ai-sdk.ts')).aiSdkOpenAi(place),
  '@anthropic-ai/sdk': async (place) => (await import('./clients/anthropic.ts')).anthropicMessages(place),
  '@anthropic-ai/sdk proxy': async (place) => (await import('./clients/anthropic.ts')).anthropicProxy(place),
  'groq-sdk': async (place) => (await import('./clients/groq.ts')).groq(place),
  ollama: async (place) => (await import('./clients/ollama.ts')).ollama(place),
  '@langchain/openai': async (place) => (await import('./clients/langchain.ts')).langchain(place),
  'cohere-ai': async (place) => (await import('./clients/cohere.ts')).cohere(place),
}

/** Those that may be missing: what they need first, and how they are run then. */
const guests: readonly Guest[] = [
  python('openai (PyPI)', '/v1/chat/completions', 'openai_client.py', 'requirements'),
  python('anthropic (PyPI)', '/v1/messages', 'anthropic_client.py', 'requirements'),
  python('langchain-openai (PyPI)', '/v1/chat/completions', 'langchain_client.py', 'requirements'),
  {
    name: 'llm (PyPI)',
    install: () => installPython('requirements'),
    run: async (place) => run(await (await import('./clients/llm.ts')).llm(place)),
  },
  { name: 'inference-gateway-sdk (crate)', install: installRust, run: runRust },
  {
    name: '@openai/codex',
    install: installAgents,
    run: async (place) => run(await (await import('./clients/codex.ts')).codex(place)),
  },
  {
    name: '@anthropic-ai/claude-code',
    install: installAgents,
    run: async (place) => run(await (await import('./clients/claude-code.ts')).claudeCode(place)),
  },
  // Its packages take the longest.
  python('llama-index-llms-openai-like (PyPI)', '/v1/chat/completions', 'llama_index_client.py', 'llama-index'),
]

interface Guest {
  readonly name: string
  /** Answers what hinders it; `null`: nothing. */
  readonly install: () => Promise<string | null>
  readonly run: (place: Place) => Promise<ClientResults>
}

function python(name: string, api: string, script: string, environment: Environment): Guest {
  const install = () => installPython(environment)
  return { name, install, run: (place) => runPython({ script, environment }, { name, api }, place) }
}

const args = process.argv.slice(2)
const withinMs = Number(args.find((arg) => arg.startsWith('--within='))?.slice('--within='.length) ?? Infinity) * 1000
const wanted = args.filter((arg) => !arg.startsWith('--'))
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.some((part) => name.includes(part))

/** Another outcome than known.ts or the page says; a page that is being written says nothing yet. */
const printed = args.includes('--write') ? null : await Bun.file(PAGE).text()
const complaints = (told: ClientResults): readonly string[] => [
  ...surprises(told),
  ...(printed === null ? [] : staleRows(printed, told)),
]

async function runAll(place: Place): Promise<{ results: readonly ClientResults[]; skipped: readonly Skipped[] }> {
  const results: ClientResults[] = []
  const skipped: Skipped[] = []
  const tell = (told: ClientResults): void => {
    results.push(told)
    const lines = complaints(told).map((line) => `\n  ${line}`)
    console.error(`${told.name} ${told.version} at ${told.api}: ${lines.length === 0 ? 'as known' : lines.join('')}`)
  }
  const skip = (name: string, reason: string): void => {
    skipped.push({ name, reason })
    console.error(`${name}: LEFT OUT. ${reason}`)
  }
  for (const [name, start] of Object.entries(clients).filter(([name]) => isWanted(name))) {
    if (name === 'curl' && Bun.which('curl') === null) skip(name, 'curl is not installed.')
    else tell(await run(await start(place)))
  }
  const deadline = performance.now() + withinMs
  for (const { name, install, run } of guests.filter((guest) => isWanted(guest.name))) {
    const hindrance = performance.now() > deadline ? 'The time was up.' : await install()
    if (hindrance === null) tell(await run(place))
    else skip(name, hindrance)
  }
  return { results, skipped }
}

// A page with some of the clients would look as if the others had been dropped.
if (args.includes('--write') && wanted.length > 0)
  throw new Error('--write takes no names: the page is of all clients.')
if (await installClients()) {
  // This process has already learnt that there are none.
  const again = Bun.spawn([process.execPath, import.meta.path, ...args], { stdio: ['inherit', 'inherit', 'inherit'] })
  process.exit(await again.exited)
}
const provider = startProvider()
const gateway = await startGateway(provider.url)
try {
  const { results, skipped } = await runAll({ gateway: gateway.url, provider: provider.url })
  const page = matrixPage(results.map(explained), skipped)
  if (args.includes('--write')) await Bun.write(PAGE, page)
  else process.stdout.write(page)
  process.exitCode = results.every((client) => complaints(client).length === 0) ? 0 : 1
} finally {
  await gateway.stop()
  await provider.stop()
}
