import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

export const SDK = resolve(import.meta.dir, '../..')
const ROOT = resolve(SDK, '../..')
export const MODULES = join(ROOT, 'node_modules')

/** A project that has installed the package as it is published, and nothing of this repository. */
export function createConsumer(env: Readonly<Record<string, string>>) {
  const project = mkdtempSync(join(tmpdir(), 'sdk-consumer-'))
  const built = join(project, 'node_modules/@inference-gateway/sdk')

  /** Runs a program in the project and gives what it printed. Throws with what it complained of. */
  async function run(...command: [string, ...string[]]): Promise<string> {
    const [program, ...rest] = command
    const path = program === 'bun' ? process.execPath : program
    const all = { ...process.env, ...env, NO_COLOR: '1' }
    const child = Bun.spawn([path, ...rest], { cwd: project, env: all, stdout: 'pipe', stderr: 'pipe' })
    const [output, complaints, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    if (code !== 0) throw new Error(`${command.join(' ')} exited with ${code}:\n${output}${complaints}`)
    return output
  }

  return {
    project,
    built,
    run,
    install: async () => {
      mkdirSync(dirname(built), { recursive: true })
      await run('npm', '--prefix', ROOT, 'run', '--silent', 'build:sdk', '--', built)
      mkdirSync(join(project, 'node_modules/@ai-sdk'))
      for (const name of ['@ai-sdk/provider', 'ai', 'arktype', 'bun', 'valibot', 'zod', '@types'])
        symlinkSync(join(MODULES, name), join(project, 'node_modules', name))
      writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
    },
    write: (name: string, text: string): string => {
      writeFileSync(join(project, name), text)
      return name
    },
    remove: () => rmSync(project, { recursive: true }),
  }
}
