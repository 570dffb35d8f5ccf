import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConfigFiles } from './config-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'config-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const at = (name: string): string => join(folder, name)

/** Watches files that say `old`, and reads them as soon as one has changed. */
function watched(...paths: readonly string[]) {
  const files = createConfigFiles()
  const read = () => paths.map((path) => tried(() => files.read(path)))
  read()
  const seen: (readonly (string | null)[])[] = []
  const failures: unknown[] = []
  let wake = Promise.withResolvers<void>()
  files.watch(
    () => {
      seen.push(read())
      wake.resolve()
      wake = Promise.withResolvers()
    },
    (error) => failures.push(error),
  )
  const until = async (count: number) => {
    while (seen.length < count) await wake.promise
    return seen
  }
  return { seen, failures, until }
}

function tried(read: () => string): string | null {
  try {
    return read()
  } catch {
    return null
  }
}

test('a file that is written anew is read anew', async () => {
  writeFileSync(at('a'), 'old')
  const { until } = watched(at('a'))
  writeFileSync(at('a'), 'new')
  expect(await until(1)).toEqual([['new']])
  writeFileSync(at('a'), 'newer')
  expect(await until(2)).toEqual([['new'], ['newer']])
})

test('a new file in its place, as editors put it, counts as well, time after time', async () => {
  writeFileSync(at('a'), 'old')
  const { until } = watched(at('a'))
  for (const [index, text] of ['one', 'two', 'three'].entries()) {
    writeFileSync(at('.a.swp'), text)
    renameSync(at('.a.swp'), at('a'))
    expect((await until(index + 1))[index]).toEqual([text])
  }
})

test('a file that goes and comes again is read once it is there', async () => {
  writeFileSync(at('a'), 'old')
  const { until } = watched(at('a'))
  rmSync(at('a'))
  expect(await until(1)).toEqual([[null]])
  writeFileSync(at('a'), 'old')
  expect(await until(2)).toEqual([[null], ['old']])
})

test('a link that is turned to another folder, as Kubernetes does it, counts as a change of the files behind', async () => {
  const publish = (version: string, text: string) => {
    mkdirSync(at(version))
    writeFileSync(join(at(version), 'a'), text)
    symlinkSync(version, at('..data_tmp'))
    renameSync(at('..data_tmp'), at('..data'))
  }
  publish('..1', 'old')
  symlinkSync('..data/a', at('a'))
  const { until } = watched(at('a'))
  publish('..2', 'new')
  rmSync(at('..1'), { recursive: true })
  expect(await until(1)).toEqual([['new']])
  publish('..3', 'newer')
  expect(await until(2)).toEqual([['new'], ['newer']])
})

test('two files of two folders are read together', async () => {
  mkdirSync(at('other'))
  const paths = [at('a'), at('other/b')]
  for (const path of paths) writeFileSync(path, 'old')
  const { until } = watched(...paths)
  for (const path of paths) writeFileSync(path, 'new')
  expect(await until(1)).toEqual([['new', 'new']])
})

test('a change before the watching began is not missed', async () => {
  writeFileSync(at('a'), 'old')
  const files = createConfigFiles()
  files.read(at('a'))
  writeFileSync(at('a'), 'new')
  const { promise, resolve } = Promise.withResolvers<void>()
  files.watch(resolve, () => {})
  await promise
  expect(readFileSync(at('a'), 'utf8')).toBe('new')
})

test('a file that grows piece by piece is read once, when it stands still', async () => {
  const pieces = Array.from({ length: 60 }, (_, piece) => `${piece}.`)
  writeFileSync(at('a'), '')
  const { until } = watched(at('a'))
  for (const piece of pieces) {
    appendFileSync(at('a'), piece)
    await Bun.sleep(5)
  }
  expect(await until(1)).toEqual([[pieces.join('')]])
})

test('neighbours, and the same text once more, are no change', async () => {
  writeFileSync(at('a'), 'old')
  const { seen, until } = watched(at('a'))
  writeFileSync(at('neighbour'), 'new')
  writeFileSync(at('a'), 'old')
  writeFileSync(at('a'), 'new')
  await until(1)
  expect(seen).toEqual([['new']])
})

test('a folder that cannot be watched is told of', () => {
  const { failures } = watched(at('nowhere/a'))
  expect(failures).toHaveLength(1)
})
