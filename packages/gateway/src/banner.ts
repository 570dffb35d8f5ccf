import type { Settings } from './config/load.ts'
import type { Gateway } from './gateway.ts'
import { catalog } from './providers/catalog.ts'

export interface BannerFacts {
  readonly url: string
  /** Whom signals are for: npm's process and the launcher's are others. */
  readonly pid: number
  readonly startedInMs: number
  readonly gateway: Gateway
  readonly found: Readonly<Record<string, string>>
  readonly version: string
  readonly settings: Pick<Settings, 'enableAuth'>
}

/** The providers of the configuration file that lack something, a sentence each: whoever wrote them down wants them. */
export function waitingProviders(
  providers: readonly { readonly id: string }[],
  requirements: Gateway['requirements'],
): readonly string[] {
  return providers.flatMap(({ id }) => {
    const setting = requirements.get(id)
    return setting === undefined ? [] : [`${id} cannot be asked yet: set ${setting}, and restart.`]
  })
}

/** What a person sees after `npm start`: where it is, what it can use, and one thing to try. */
export function banner({ url, pid, startedInMs, gateway, found, version, settings }: BannerFacts): string {
  const ready = gateway.accounts.map(({ provider }) => {
    const place = found[provider.id]
    return place === undefined ? provider.id : `${provider.id} (found at ${place})`
  })
  const first = gateway.accounts.find(({ provider }) => provider.id !== 'simulator')?.provider.id
  const isSimulated = gateway.accounts.some(({ provider }) => provider.id === 'simulator')
  const model = isSimulated ? 'simulator/chat' : `${first}/MODEL`
  const token = settings.enableAuth ? ' -H "authorization: Bearer $TOKEN"' : ''
  const missing = [...gateway.requirements].map(([, setting]) => setting)
  return [
    `Inference Gateway ${version} is ready at ${url}/v1  (pid ${pid}, ${Math.round(startedInMs)} ms)`,
    '',
    `  providers   ${ready.join(', ') || 'none'}`,
    ...(first === undefined
      ? [
          `              No key is set and no local server was found: ${gateway.accounts.length === 0 ? 'nobody answers.' : 'the built-in simulator answers.'}`,
        ]
      : []),
    `  add more    set ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? `, … (${missing.length - 5} more: npm start -- --help)` : ''}`,
    '',
    ...(gateway.accounts.length === 0
      ? []
      : [
          'Try it:',
          `  curl ${url}/v1/chat/completions${token} -d '{"model":"${model}","messages":[{"role":"user","content":"Hello!"}]}'`,
        ]),
    ...(first === undefined
      ? []
      : [`  curl '${url}/v1/models?provider=${first}'${token}   # then put one of these in its place`]),
    '',
  ].join('\n')
}

/** Those that need no key and of which nobody said anything: they may run at their usual address, or not at all. */
export function assumedProviders({ providers }: Settings): ReadonlySet<string> {
  const assumed = catalog.filter(({ id, auth }) => auth.kind === 'none' && providers[id]?.apiUrl === null)
  return new Set(assumed.map(({ id }) => id))
}
