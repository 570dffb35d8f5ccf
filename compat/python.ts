import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type ClientResults, features, type Place, type Result } from './client.ts'
import { ending } from './ending.ts'
import { succeeds } from './install.ts'

const folder = import.meta.dir

/** Packages that go together have an environment of their own; those that do not have another. */
export type Environment = 'requirements' | 'llama-index'

const venvOf = (environment: Environment) => join(folder, '.venv', environment)

/** A program of an environment. */
export function programOf(environment: Environment, name: string): string {
  const isWindows = process.platform === 'win32'
  return join(venvOf(environment), isWindows ? 'Scripts' : 'bin', isWindows ? `${name}.exe` : name)
}

const PIP_LIMIT_MS = 150_000

/** Has the packages of an environment. Answers why they cannot be had, `null` when they are there. */
export async function installPython(environment: Environment): Promise<string | null> {
  if (Bun.which('python3') === null) return 'Python 3 is not installed.'
  const python = programOf(environment, 'python')
  if (!existsSync(python) && !(await succeeds(['python3', '-m', 'venv', venvOf(environment)])))
    return 'Python could not make a virtual environment.'
  const pip = [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  const list = join(folder, 'python', `${environment}.txt`)
  if (await succeeds([...pip, '--requirement', list], { limitMs: PIP_LIMIT_MS })) return null
  return `pip could not install the clients within ${PIP_LIMIT_MS / 1000} s.`
}

const RUN_LIMIT_MS = 120_000

/** Runs a script of `python/`, which tells its version, then each result, as a line of JSON. */
export async function runPython(
  { script, environment }: { readonly script: string; readonly environment: Environment },
  { name, api }: Pick<ClientResults, 'name' | 'api'>,
  { gateway, provider }: Place,
): Promise<ClientResults> {
  const child = Bun.spawn([programOf(environment, 'python'), join(folder, 'python', script), gateway, provider], {
    stdout: 'pipe',
    stderr: 'inherit',
    timeout: RUN_LIMIT_MS,
    signal: ending,
  })
  const lines = (await new Response(child.stdout).text()).trim().split('\n')
  const status = await child.exited
  if (status !== 0) throw new Error(`${script} ended with ${status}`)
  return { name, api, ...toldIn(lines) }
}

/** What a script of ours has told, in the order of the features. */
export function toldIn(lines: readonly string[]): Pick<ClientResults, 'version' | 'results'> {
  const [about, ...told] = lines.map((line): unknown => JSON.parse(line))
  const results = told as Result[] // the scripts are ours
  const missing = (feature: Result['feature']): Result => ({ feature, outcome: 'fails', reason: 'Nothing was told.' })
  return {
    version: (about as { version: string }).version, // as above
    results: features.map((feature) => results.find((result) => result.feature === feature) ?? missing(feature)),
  }
}
