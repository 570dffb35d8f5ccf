import { describe, expect, test } from 'bun:test'
import { DEFAULTS, joinOptions, normalizeBaseUrl } from './options.ts'

describe('a base URL is taken as people write it', () => {
  const urls: [string, string][] = [
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://localhost:8080/', 'http://localhost:8080'],
    ['http://localhost:8080/v1', 'http://localhost:8080'],
    ['http://localhost:8080/v1/', 'http://localhost:8080'],
    ['localhost:8080', 'http://localhost:8080'],
    ['127.0.0.1:8080/v1', 'http://127.0.0.1:8080'],
    ['[::1]:8080', 'http://[::1]:8080'],
    ['gateway:8080', 'http://gateway:8080'],
    ['gateway', 'http://gateway'],
    [' http://localhost:8080/v1 ', 'http://localhost:8080'],
    ['HTTP://localhost:8080', 'http://localhost:8080'],
    ['0.0.0.0:8080', 'http://0.0.0.0:8080'],
    ['http://localhost:8080/v1?key=x', 'http://localhost:8080'],
    ['llm.example.org', 'https://llm.example.org'],
    ['https://example.org/llm/v1', 'https://example.org/llm'],
    ['https://example.org/llm//', 'https://example.org/llm'],
    ['https://example.org/v1beta', 'https://example.org/v1beta'],
  ]
  test.each(urls)('%s', (written, meant) => {
    expect(normalizeBaseUrl(written)).toBe(meant)
  })

  test.each(['http://', '', 'unix:///run/gateway.sock', 'ws://localhost:8080'])('%p is none and throws', (written) => {
    expect(() => normalizeBaseUrl(written)).toThrow(TypeError)
  })
})

describe('options of a call stand over those of the client', () => {
  test('a single value is replaced', () => {
    expect(joinOptions({ ...DEFAULTS, maxRetries: 5 }, { maxRetries: 0 }).maxRetries).toBe(0)
  })

  test('a value that is not said replaces nothing', () => {
    expect(joinOptions({ ...DEFAULTS, maxRetries: 5 }, { maxRetries: undefined }).maxRetries).toBe(5)
    // Not every project's types refuse this.
    expect(joinOptions(DEFAULTS, { timeouts: { idle: undefined as never } }).timeouts.idle).toBe(60_000)
  })

  test('headers, timeouts and middleware are joined', () => {
    const outer = async () => new Response()
    const inner = async () => new Response()
    const base = joinOptions(DEFAULTS, { headers: { a: '1', b: '1' }, timeouts: { idle: 1 }, middleware: [outer] })
    const joined = joinOptions(base, { headers: { b: '2' }, timeouts: { total: 2 }, middleware: [inner] })
    expect(joined).toMatchObject({ headers: { a: '1', b: '2' }, timeouts: { firstByte: 300_000, idle: 1, total: 2 } })
    expect(joined.middleware).toEqual([outer, inner])
  })
})
