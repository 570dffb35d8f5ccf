import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DOG, expectLeft, expectOpened, IMAGE } from '../expect.ts'
import type { Place } from '../client.ts'
import { createFolder, ending } from '../ending.ts'

const packages = join(import.meta.dir, '../agents/node_modules')

interface Said {
  readonly text: string
  readonly complaint: string
  readonly status: number
}

/** A file of one of the agents' packages. */
export const fileOf = (path: string): string => join(packages, path)

/** A program that asks models by itself. */
export interface Agent {
  /** Runs it once with these arguments. */
  say(args: readonly string[], more?: Readonly<Record<string, string>>): Promise<Said>
  /** The same; the events it printed, as JSON. */
  run(args: readonly string[], more?: Readonly<Record<string, string>>): Promise<readonly AgentEvent[]>
  /** Starts it on an endless answer, ends it, and waits until the provider is left. */
  leave(place: Place, args: readonly string[]): Promise<void>
}

export type AgentEvent = Readonly<Record<string, unknown>>

const RUN_LIMIT_MS = 20_000

/** A home with nothing in it but these files: what the user of this machine has set is out of its sight. */
export function createHome(files: Readonly<Record<string, string>> = {}) {
  const home = createFolder()
  const work = join(home, 'work')
  mkdirSync(work)
  const all = { 'dog.json': JSON.stringify(DOG), ...files }
  for (const [name, text] of Object.entries(all)) writeFileSync(join(home, name), text)
  writeFileSync(join(home, 'pixel.png'), Buffer.from(IMAGE, 'base64'))
  return { home, work, file: (name: string) => join(home, name) }
}

export function createAgent(
  command: readonly string[],
  { home, work }: { readonly home: string; readonly work: string },
  env: Readonly<Record<string, string>>,
): Agent {
  const start = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    Bun.spawn([...command, ...args], {
      cwd: work,
      env: { PATH: process.env['PATH'] ?? '', HOME: home, USERPROFILE: home, ...env, ...more },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      timeout: RUN_LIMIT_MS,
      signal: ending,
    })
  const say: Agent['say'] = async (args, more) => {
    const child = start(args, more)
    const told = [new Response(child.stdout).text(), new Response(child.stderr).text()] as const
    const [text, complaint, status] = await Promise.all([...told, child.exited])
    return { text, complaint, status }
  }
  return {
    say,
    async run(args, more) {
      const lines = (await say(args, more)).text.split('\n').filter((line) => line.startsWith('{'))
      return lines.map((line) => JSON.parse(line) as AgentEvent) // the checks find out
    },
    async leave(place, args) {
      const child = start(args)
      await expectOpened(place)
      child.kill('SIGTERM')
      await child.exited
      await expectLeft(place)
    },
  }
}
