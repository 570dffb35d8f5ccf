import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'bun:test'

const root = resolve(import.meta.dir, '..')
const names = (folder: string) => readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'))
const pages = ['.', 'docs', 'docs/guide', 'docs/reference', 'docs/decisions', 'bench', 'examples'].flatMap((folder) =>
  names(folder).map((name) => join(root, folder, name)),
)
const textOf = (page: string) => readFileSync(page, 'utf8')

/** The pages and files a page links to, as full paths; addresses on the internet are left out. */
const linksOf = (page: string) =>
  [...textOf(page).matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)].map(([, target = '']) =>
    resolve(dirname(page), target),
  )

test.each(pages.map((page) => relative(root, page)))('every link of %s leads somewhere', (page) => {
  expect(linksOf(join(root, page)).filter((target) => !existsSync(target))).toEqual([])
})

test('the list of the documentation names every guide, reference page and decision', () => {
  const listed = new Set(linksOf(join(root, 'docs/README.md')))
  expect(pages.filter((page) => dirname(dirname(page)) === join(root, 'docs') && !listed.has(page))).toEqual([])
})

test.each(names('docs/decisions'))('decision %s begins with its number and says what was decided', (name) => {
  const text = textOf(join(root, 'docs/decisions', name))
  expect(text).toStartWith(`# ${name.slice(0, 4)} `)
  expect(text).toContain('**Decision.**')
})
