import fc from 'fast-check'
import { describe, expect, test } from 'bun:test'
import {
  baseUrl,
  bool,
  bytes,
  duration,
  host,
  int,
  issuerUrl,
  list,
  modelNames,
  oneOf,
  port,
  secret,
  Unreadable,
  url,
} from './readers.ts'

const LONGEST_MS = 2_147_483_647

describe('duration', () => {
  test.each([
    ['0', 0],
    ['0s', 0],
    ['-0', 0],
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['1.s', 1_000],
    ['+2s', 2_000],
    ['1.001s', 1_001],
    ['30s1m', 90_000],
    ['1500us', 2],
    ['1500µs', 2],
    ['1500μs', 2],
    ['1ns', 1],
    ['24h', 86_400_000],
    ['1000h', LONGEST_MS],
    ['9999999999999999h', LONGEST_MS],
  ])('reads %s as Go does, in milliseconds', (given, expected) => {
    expect(duration(given)).toBe(expected)
  })

  test.each([
    '',
    '30',
    '00',
    'abc',
    's',
    '.s',
    '.',
    '1m30',
    '30 s',
    ' 30s',
    '1d',
    '30S',
    '1e3s',
    '1,5s',
    '--1s',
    '1s-1s',
  ])('refuses %p', (given) => {
    expect(() => duration(given)).toThrow('expected a duration such as 30s, 1m30s or 500ms')
  })

  test('refuses digits without end instead of computing with them', () => {
    expect(() => duration(`${'9'.repeat(1_000_000)}s`)).toThrow(Unreadable)
  })

  test.each(['-1s', '-1h30m', '-0.1ms'])('says of %s that it must not be negative', (given) => {
    expect(() => duration(given)).toThrow('must not be negative')
  })

  test('reads every number of milliseconds the way Go prints it', () => {
    const printed = (ms: number): string => {
      const [hours, minutes, seconds] = [
        Math.floor(ms / 3_600_000),
        Math.floor(ms / 60_000) % 60,
        (ms % 60_000) / 1_000,
      ]
      return `${hours > 0 ? `${hours}h` : ''}${hours + minutes > 0 ? `${minutes}m` : ''}${seconds}s`
    }
    fc.assert(fc.property(fc.integer({ min: 0, max: LONGEST_MS }), (ms) => duration(printed(ms)) === ms))
  })

  test('adds up parts of any unit in any order, rounded up to a millisecond', () => {
    const units = {
      ns: 1n,
      us: 1_000n,
      µs: 1_000n,
      ms: 1_000_000n,
      s: 10n ** 9n,
      m: 6n * 10n ** 10n,
      h: 36n * 10n ** 11n,
    }
    const part = fc.tuple(fc.nat(1_000), fc.constantFrom(...Object.entries(units)))
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const nanoseconds = parts.reduce((sum, [count, [, size]]) => sum + BigInt(count) * size, 0n)
        const expected = Math.min(Number((nanoseconds + 999_999n) / 1_000_000n), LONGEST_MS)
        return duration(parts.map(([count, [unit]]) => `${count}${unit}`).join('')) === expected
      }),
    )
  })
})

describe('bool', () => {
  const words = { true: ['1', 't', 'T', 'TRUE', 'true', 'True'], false: ['0', 'f', 'F', 'FALSE', 'false', 'False'] }

  test('takes the twelve words Go takes', () => {
    for (const word of words.true) expect(bool(word)).toBe(true)
    for (const word of words.false) expect(bool(word)).toBe(false)
  })

  test('refuses everything else', () => {
    const others = fc.oneof(fc.string(), fc.constantFrom('yes', 'no', 'on', 'off', 'tRUE', 'TrUe', '2', ' true'))
    const known = new Set([...words.true, ...words.false])
    fc.assert(
      fc.property(others, (word) => {
        fc.pre(!known.has(word))
        expect(() => bool(word)).toThrow('expected true or false')
      }),
    )
  })
})

describe('numbers', () => {
  test.each([
    ['port', port, '0', 0],
    ['port', port, '65535', 65_535],
    ['int', int, '0', 0],
    ['int', int, '020', 20],
    ['bytes', bytes, '10485760', 10_485_760],
  ])('%s reads %3$s', (_, read, given, expected) => {
    expect(read(given)).toBe(expected)
  })

  test.each([
    ['port', port, '65536'],
    ['port', port, '-1'],
    ['port', port, 'http'],
    ['port', port, 'tcp://10.0.0.1:80'],
    ['port', port, '80.0'],
    ['port', port, '1e3'],
    ['int', int, '-1'],
    ['int', int, '1.5'],
    ['int', int, '0x10'],
    ['int', int, '1'.repeat(30)],
    ['bytes', bytes, '0'],
    ['bytes', bytes, '10MB'],
  ])('%s refuses %3$s', (_, read, given) => {
    expect(() => read(given)).toThrow(Unreadable)
  })
})

describe('url', () => {
  test.each([
    ['https://api.openai.com/v1', 'https://api.openai.com/v1'],
    ['https://api.openai.com/v1/', 'https://api.openai.com/v1'],
    ['http://localhost:11434//', 'http://localhost:11434'],
    ['HTTPS://Host/A', 'HTTPS://Host/A'],
    ['http://[::1]:8080/v1', 'http://[::1]:8080/v1'],
    ['https://h/accounts/{ACCOUNT_ID}/ai', 'https://h/accounts/{ACCOUNT_ID}/ai'],
  ])('takes the base %s', (given, expected) => {
    expect(baseUrl(given)).toBe(expected)
  })

  test('leaves the trailing slash of an issuer, which is part of its name', () => {
    expect(url('https://tenant.example.com/')).toBe('https://tenant.example.com/')
  })

  test.each([
    ['ftp://host', 'http:// or https://'],
    ['host/v1', 'http:// or https://'],
    ['//host', 'http:// or https://'],
    ['https:host', 'http:// or https://'],
    ['https:\\\\host', 'http:// or https://'],
    ['http://ho st', 'http:// or https://'],
    ['http://host:99999', 'http:// or https://'],
    ['http://', 'http:// or https://'],
    ['http://user@host', 'no user name'],
    ['http://:word@host', 'no user name'],
    ['http://host/?key=1', 'no ? and no #'],
    ['http://host/?', 'no ? and no #'],
    ['http://host/#a', 'no ? and no #'],
  ])('refuses %s', (given, reason) => {
    expect(() => baseUrl(given)).toThrow(reason)
    expect(() => url(given)).toThrow(reason)
  })
})

describe('words', () => {
  test.each([
    ['', []],
    [' , ,', []],
    ['a', ['a']],
    [' openai/gpt-4o , @cf/meta/llama,', ['openai/gpt-4o', '@cf/meta/llama']],
  ])('lists %p', (given, expected) => {
    expect(list(given)).toEqual(expected)
  })

  test('takes one of the given words as written', () => {
    const level = oneOf('debug', 'info', 'warn')
    expect(level('info')).toBe('info')
    expect(() => level('INFO')).toThrow('expected debug, info or warn')
    expect(level.kind).toBe('`debug`, `info` or `warn`')
  })

  test('keeps a secret from being seen', () => {
    const key = secret('sk-canary')
    expect(`${String(key)} ${JSON.stringify(key)} ${Bun.inspect(key)}`).not.toContain('canary')
    expect(key.reveal()).toBe('sk-canary')
  })

  test.each(['sk-\ncanary', 'sk-“canary”', 'sk-\u0000'])('refuses the key %p, which no header can carry', (given) => {
    expect(() => secret(given)).toThrow('expected printable ASCII only')
  })
})

describe('names of models', () => {
  test.each(['gpt-4o', 'openai/*', 'a, groq/openai/gpt-oss-20b ,', '@cf/meta/llama', 'llama3.2:latest'])(
    'may be %s',
    (given) => expect(modelNames(given)).toEqual(list(given)),
  )

  test.each(['gpt-4o;o3', 'gpt-4o o3', '["gpt-4o", "o3"]', "'gpt-4o'", 'openai/', 'gpt-4o\no3'])(
    'that no model could have are refused: %p',
    (given) => expect(() => modelNames(given)).toThrow('expected names such as openai/gpt-4o-mini or groq/*'),
  )
})

describe('an address to listen on', () => {
  test.each(['0.0.0.0', '::', '::1', '[::1]', 'localhost', 'gateway.internal'])('may be %s', (given) =>
    expect(host(given)).toBe(given),
  )

  test.each(['http://localhost', 'localhost:8080', '0.0.0.0:80', 'a b', 'http://localhost:8080/v1'])(
    'is not %s',
    (given) => expect(() => host(given)).toThrow('without http:// and port'),
  )
})

test('an issuer is not the address of its discovery document', () => {
  expect(issuerUrl('https://id.example.com/')).toBe('https://id.example.com/')
  expect(() => issuerUrl('https://id.example.com/a/.well-known/openid-configuration')).toThrow('the issuer alone')
  expect(() => issuerUrl('id.example.com')).toThrow('starts with http')
})

test('a base URL is not that of an operation', () => {
  expect(baseUrl('https://a.example.com/v1/')).toBe('https://a.example.com/v1')
  expect(() => baseUrl('https://a.example.com/v1/chat/completions/')).toThrow('without /chat/completions')
})

test('a port that Kubernetes made is told apart from one that somebody set', () => {
  expect(() => port('tcp://10.0.0.1:80')).toThrow('expected a port, 0 to 65535; this one is a service of Kubernetes')
})
