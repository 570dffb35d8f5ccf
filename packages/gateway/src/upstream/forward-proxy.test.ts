import { describe, expect, test } from 'bun:test'
import { createFindProxy } from './forward-proxy.ts'

/** The proxy that an address is reached by, as `host:port`; `null`: none. */
function proxyTo(address: string, except: readonly string[] = []): string | null {
  const find = createFindProxy({ https: 'http://secure:3128', http: 'http://plain', except })
  const proxy = find(new URL(address))
  return proxy === null ? null : `${proxy.host}:${proxy.port}`
}

describe('a proxy', () => {
  const cases: [behaviour: string, address: string, proxy: string | null][] = [
    ['leads to addresses with TLS', 'https://api.test/v1', 'secure:3128'],
    ['leads to addresses without', 'http://api.test/v1', 'plain:80'],
    ['does not lead to this machine by its name', 'http://localhost:11434', null],
    ['does not lead to this machine by a name below it', 'http://ollama.localhost', null],
    ['does not lead to this machine by its address', 'https://127.0.0.2', null],
    ['does not lead to this machine by its IPv6 address', 'http://[::1]:8080', null],
    ['leads to a name that only looks like this machine', 'http://localhost.test', 'plain:80'],
  ]
  test.each(cases)('%s', (_, address, expected) => expect(proxyTo(address)).toBe(expected))

  test.each([
    ['with a password', 'http://ada:p%40ss%3A@proxy', 'ada:p@ss:'],
    ['with a user only', 'http://ada@proxy', 'ada:'],
  ])('is told who asks: %s', (_, http, expected) => {
    const found = createFindProxy({ https: null, http, except: [] })(new URL('http://api.test'))
    expect(found?.authorization).toBe(`Basic ${btoa(expected)}`)
  })

  test('that is not set leads nowhere', () => {
    const find = createFindProxy({ https: null, http: 'http://proxy', except: [] })
    expect(find(new URL('https://api.test'))).toBeNull()
    expect(find(new URL('http://api.test'))).toEqual({ host: 'proxy', port: 80, authorization: null })
  })
})

describe('NO_PROXY', () => {
  const cases: [entry: string, direct: string[], proxied: string[]][] = [
    ['*', ['http://api.test', 'https://10.0.0.1'], []],
    ['api.test', ['http://api.test', 'https://eu.api.test:8443'], ['http://myapi.test', 'http://test']],
    ['.api.test', ['http://api.test', 'http://eu.api.test'], ['http://myapi.test']],
    ['*.api.test', ['http://eu.api.test'], ['http://api.test.evil']],
    ['API.test', ['http://api.test'], []],
    ['api.test:8443', ['https://api.test:8443'], ['https://api.test', 'http://api.test:80']],
    ['api.test:443', ['https://api.test'], ['http://api.test']],
    ['10.0.0.1', ['http://10.0.0.1:8000'], ['http://10.0.0.11', 'http://110.0.0.1']],
    ['10.0.0.1:8000', ['http://10.0.0.1:8000'], ['http://10.0.0.1']],
    ['10.0.0.0/8', ['http://10.255.0.1'], ['http://11.0.0.1', 'http://10.test']],
    ['192.168.4.0/22', ['http://192.168.7.255'], ['http://192.168.8.0']],
    ['0.0.0.0/0', ['http://203.0.113.9'], ['http://api.test']],
    ['203.0.113.9/32', ['http://203.0.113.9'], ['http://203.0.113.8']],
    ['10.0.0.0/33', [], ['http://10.0.0.0']],
    ['10.0.0.300/8', [], ['http://10.0.0.1']],
    ['fd00::1', ['http://[fd00::1]:8000'], ['http://[fd00::2]']],
    ['FD00:0:0::1', ['http://[fd00::1]'], ['http://[fd00::2]']],
    ['fd00::/8', ['http://[fd12:3456::1]:8000'], ['http://[fe80::1]', 'http://fd00.test', 'http://253.0.0.1']],
    ['::/0', ['http://[2001:db8::1]'], ['http://203.0.113.9']],
    ['[fd00::1]:8000', ['http://[fd00::1]:8000'], ['http://[fd00::1]']],
    ['a b:c', [], ['http://api.test']],
  ]
  test.each(cases)('%s', (entry, direct, proxied) => {
    for (const address of direct) expect([address, proxyTo(address, [entry])]).toEqual([address, null])
    for (const address of proxied)
      expect([address, proxyTo(address, ['other.test', entry])]).not.toEqual([address, null])
  })
})
