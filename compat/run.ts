/**
 * `npm run compat [-- --write] [name …]`: runs the clients of other makers against the gateway and prints how it went,
 * with `--write` into docs/reference/compatibility.md. With names, only the clients whose name holds one of them. Exits
 * with 1 when something went otherwise than known.ts says.
 */
import { resolve } from 'node:path'
import { type Client, type ClientResults, type Place, run, type Skipped } from './client.ts'
import { startGateway } from './gateway.ts'
import { installClients } from './install.ts'
import { explained, surprises } from './known.ts'
import { matrixPage } from './matrix.ts'
import { startProvider } from './provider/provider.ts'
import { installPython, runPython } from './python.ts'

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

const pythonClients = [
  { script: 'openai_client.py', name: 'openai (PyPI)', api: '/v1/chat/completions' },
  { script: 'anthropic_client.py', name: 'anthropic (PyPI)', api: '/v1/messages' },
] as const

const args = process.argv.slice(2)
const wanted = args.filter((arg) => !arg.startsWith('--'))
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.some((part) => name.includes(part))

async function runAll(place: Place): Promise<{ results: readonly ClientResults[]; skipped: readonly Skipped[] }> {
  const results: ClientResults[] = []
  const skipped: Skipped[] = []
  const tell = (told: ClientResults): void => {
    results.push(told)
    const lines = surprises(told).map((line) => `\n  ${line}`)
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
  const python = pythonClients.filter(({ name }) => isWanted(name))
  const hindrance = python.length === 0 ? null : await installPython()
  for (const { script, ...about } of python)
    if (hindrance === null) tell(await runPython(script, about, place))
    else skip(about.name, hindrance)
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
  process.exitCode = results.every((client) => surprises(client).length === 0) ? 0 : 1
} finally {
  await gateway.stop()
  await provider.stop()
}
