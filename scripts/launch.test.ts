import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'bun:test'

/** Stands in for npm: fails where another one is at work, as npm does, and works until it is let go; `broken` fails once. */
const NPM = `#!/usr/bin/env node
const { appendFileSync, existsSync, mkdirSync, rmdirSync, unlinkSync, writeFileSync } = require('node:fs')
appendFileSync('asked', 'npm\\n')
mkdirSync('at-work')
const timer = setInterval(() => {
  if (!existsSync('go')) return
  clearInterval(timer)
  rmdirSync('at-work')
  if (existsSync('broken')) {
    unlinkSync('broken')
    console.error('npm error broken')
    process.exitCode = 7
    return
  }
  mkdirSync('node_modules/bun/bin', { recursive: true })
  writeFileSync('node_modules/bun/bin/bun.exe', '')
  writeFileSync('node_modules/.package-lock.json', '{}')
}, 5)
`

let folder: string
let children: ChildProcess[]
beforeEach(() => {
  children = []
  folder = mkdtempSync(join(tmpdir(), 'launch-'))
  mkdirSync(join(folder, 'scripts'))
  mkdirSync(join(folder, 'bin'))
  copyFileSync(resolve(import.meta.dir, 'launch.mjs'), join(folder, 'scripts/launch.mjs'))
  writeFileSync(join(folder, 'package-lock.json'), '{}')
  writeFileSync(join(folder, 'bin/npm'), NPM)
  chmodSync(join(folder, 'bin/npm'), 0o755)
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

const touch = (name: string) => writeFileSync(join(folder, name), '')
const timesAsked = () => readFileSync(join(folder, 'asked'), 'utf8').split('\n').length - 1
const locks = () => readdirSync(folder).filter((name) => name.startsWith('.install-lock'))

/** Runs `launch.mjs install` in the folder, as a fresh checkout does at its first start. */
function launch() {
  const child = spawn('node', [join(folder, 'scripts/launch.mjs'), 'install'], {
    env: { ...process.env, PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}` },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  children.push(child)
  let text = ''
  const exited = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)))
  const said = (words: string) =>
    new Promise<void>((resolve) => {
      const look = () => text.includes(words) && resolve()
      child.stderr.on('data', (bytes: Buffer) => {
        text += bytes.toString()
        look()
      })
      look()
    })
  return { exited, said, stop: () => child.kill() }
}

test('of two first starts at once one installs, and the other waits for it', async () => {
  const first = launch()
  await first.said('Installing dependencies')
  const second = launch()
  await second.said('Another start is installing')
  touch('go')
  expect([await first.exited, await second.exited]).toEqual([0, 0])
  expect(timesAsked()).toBe(1)
  expect(locks()).toEqual([])
})

test('many at once are no more trouble', async () => {
  touch('go')
  const starts = Array.from({ length: 6 }, launch)
  for (const { exited } of starts) expect(await exited).toBe(0)
  expect(timesAsked()).toBe(1)
  expect(locks()).toEqual([])
})

test('what somebody who is gone has left does not stand in the way', async () => {
  const gone = spawn('node', ['--eval', ''])
  await new Promise<void>((resolve) => gone.on('exit', () => resolve()))
  mkdirSync(join(folder, '.install-lock', String(gone.pid)), { recursive: true })
  touch('go')
  expect(await launch().exited).toBe(0)
  expect(timesAsked()).toBe(1)
  expect(locks()).toEqual([])
})

test('when the one that installs fails, the one that waits tries', async () => {
  touch('broken')
  const first = launch()
  await first.said('Installing dependencies')
  const second = launch()
  await second.said('Another start is installing')
  touch('go')
  await first.said('npm error broken\nThe dependencies could not be installed')
  expect([await first.exited, await second.exited]).toEqual([7, 0])
  expect(timesAsked()).toBe(2)
  expect(locks()).toEqual([])
})

test('it shows that it lives while npm works', async () => {
  const start = launch()
  await start.said('may take a minute) ...')
  touch('go')
  expect(await start.exited).toBe(0)
})

test('stopped while npm works, it stops npm, and gives the lock back', async () => {
  const start = launch()
  await start.said('Installing dependencies')
  start.stop()
  expect(await start.exited).toBe(1)
  expect(locks()).toEqual([])
})

test('where all is installed npm is not asked', async () => {
  mkdirSync(join(folder, 'node_modules/bun/bin'), { recursive: true })
  touch('node_modules/bun/bin/bun.exe')
  touch('node_modules/.package-lock.json')
  expect(await launch().exited).toBe(0)
  expect(existsSync(join(folder, 'asked'))).toBe(false)
})

test('where an installation broke off before Bun was there, npm is asked again', async () => {
  mkdirSync(join(folder, 'node_modules'))
  touch('node_modules/.package-lock.json')
  touch('go')
  expect(await launch().exited).toBe(0)
  expect(timesAsked()).toBe(1)
})
