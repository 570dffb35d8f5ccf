import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientResults, Place, Result } from './client.ts'

const folder = import.meta.dir
const venv = join(folder, '.venv')
const python = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')

/** Has the Python clients in an environment of their own. Answers why they cannot be had, `null` when they are there. */
export async function installPython(): Promise<string | null> {
  if (Bun.which('python3') === null) return 'Python 3 is not installed.'
  if (!existsSync(python) && !(await succeeds(['python3', '-m', 'venv', venv])))
    return 'Python could not make a virtual environment.'
  const pip = [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  if (await succeeds([...pip, '--requirement', join(folder, 'python/requirements.txt')])) return null
  return 'pip could not install the clients.'
}

async function succeeds(command: string[]): Promise<boolean> {
  return (await Bun.spawn(command, { stdout: 'ignore', stderr: 'ignore' }).exited) === 0
}

const RUN_LIMIT_MS = 120_000

/** Runs a script of `python/`, which tells its version, then each result, as a line of JSON. */
export async function runPython(
  script: string,
  { name, api }: Pick<ClientResults, 'name' | 'api'>,
  { gateway, provider }: Place,
): Promise<ClientResults> {
  const child = Bun.spawn([python, join(folder, 'python', script), gateway, provider], {
    stdout: 'pipe',
    stderr: 'inherit',
    timeout: RUN_LIMIT_MS,
  })
  const lines = (await new Response(child.stdout).text()).trim().split('\n')
  const status = await child.exited
  if (status !== 0) throw new Error(`${script} ended with ${status}`)
  const [about, ...results] = lines.map((line): unknown => JSON.parse(line))
  // The scripts are ours.
  return { name, api, version: (about as { version: string }).version, results: results as Result[] }
}
