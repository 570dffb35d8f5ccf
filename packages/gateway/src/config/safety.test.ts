import { describe, expect, test } from 'bun:test'
import { catalog } from '../providers/catalog.ts'
import { loadSettings, SettingsError } from './load.ts'

type Values = Readonly<Record<string, string>>

const load = (values: Values) => loadSettings([{ name: 'environment', values }], { catalog, readFile: () => '' })

const problemsOf = (values: Values): Promise<string> =>
  load(values).then(
    () => '',
    (error: unknown) => (error instanceof SettingsError ? error.message : Promise.reject(error)),
  )

const KEY = { OPENAI_API_KEY: 'k' }
const GUARDED = { ENABLE_AUTH: 'true', OIDC_ISSUER_URL: 'https://issuer.test', OIDC_CLIENT_ID: 'gateway' }

describe('STRICT', () => {
  const cases: [behaviour: string, values: Values, isRefused: boolean][] = [
    ['refuses keys that everybody can use', KEY, true],
    ['refuses them on an address of the network', { ...KEY, SERVER_HOST: '192.168.1.4' }, true],
    ['lets keys be used on loopback', { ...KEY, SERVER_HOST: '127.0.0.1' }, false],
    ['lets keys be used in development, which is on loopback', { ...KEY, ENVIRONMENT: 'development' }, false],
    ['lets keys be used behind authentication', { ...KEY, ...GUARDED }, false],
    ['has nothing to say where there is no key', {}, false],
  ]
  test.each(cases)('%s', async (_, values, isRefused) => {
    const refusal = await problemsOf({ ...values, STRICT: 'true' })
    if (isRefused) expect(refusal).toContain('Authentication is off')
    else expect(refusal).toBe('')
    const { warnings } = await load(values)
    expect(warnings.some((warning) => warning.startsWith('Authentication is off'))).toBe(isRefused)
  })
})

describe('a proxy', () => {
  test.each(['http://proxy:3128', 'proxy:3128', 'HTTP://ada:pa%20ss@10.0.0.1:80/'])(
    '%s is one',
    async (HTTPS_PROXY) => {
      const { settings, effective } = await load({ HTTPS_PROXY, no_proxy: 'a.test, .b.test,10.0.0.0/8' })
      expect(settings.client.httpsProxy?.reveal()).toEndWith(HTTPS_PROXY)
      expect(settings.client.noProxy).toEqual(['a.test', '.b.test', '10.0.0.0/8'])
      expect(JSON.stringify([settings, effective])).not.toContain('pa%20ss')
    },
  )

  test.each([
    'socks5://ada:canary@proxy',
    'https://ada:canary@proxy',
    'http://',
    'a canary b',
    'http://canary%zz@p',
    'http://canary%ff@p',
  ])('%s is none, and is not repeated', async (HTTP_PROXY) => {
    const refusal = await problemsOf({ HTTP_PROXY })
    expect(refusal).toContain('expected the URL of an HTTP proxy')
    expect(refusal).not.toContain('canary')
  })
})

describe('LOG_CONTENT', () => {
  test.each([
    [{ LOG_CONTENT: 'true', LOG_LEVEL: 'debug' }, 'all prompts and answers are written into the log'],
    [{ LOG_CONTENT: 'true' }, 'content is written at debug only'],
  ])('is warned of: %j', async (values, said) => {
    const { warnings } = await load(values)
    expect(warnings.join()).toContain(said)
  })
})
