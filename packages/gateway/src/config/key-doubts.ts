import type { KnownProvider } from './provider-settings.ts'

/** A key as it was written, and whose it should be. */
export interface WrittenKey {
  /** The variable it stands in. */
  readonly name: string
  readonly key: string
  readonly provider: KnownProvider
  /** The provider is not asked at its usual address: whoever is there has given out the key. */
  readonly isElsewhere: boolean
}

/** What examples have in place of a key. */
const PLACEHOLDER = /\.\.\.|^<.*>$|^your[-_]|change[-_]?me|[-_]here$|x{4,}$|\*{3}/i

/** What the keys of a provider begin with, where nobody else's do. */
const FIRST_LETTERS: Readonly<Record<string, string>> = {
  anthropic: 'sk-ant-',
  google: 'AIza',
  groq: 'gsk_',
  nvidia: 'nvapi-',
  openai: 'sk-proj-',
  openrouter: 'sk-or-',
  xai: 'xai-',
}

/** Whose a key is, as far as its first letters tell. */
const issuerOf = (key: string): string | undefined =>
  Object.entries(FIRST_LETTERS).find(([, letters]) => key.startsWith(letters))?.[0]

/** What is odd about keys, a sentence each. None of them is shown. */
export function keyDoubts(keys: readonly WrittenKey[]): readonly string[] {
  return keys.flatMap(({ name, key, provider, isElsewhere }) => {
    if (key.startsWith('$')) return `${name} holds the name of a variable: nothing is put in its place here.`
    if (PLACEHOLDER.test(key)) return `${name} looks like a placeholder: put your own key in its place, or nothing.`
    const issuer = issuerOf(key)
    return issuer === undefined || issuer === provider.id || isElsewhere
      ? []
      : `${name} begins like a key of ${issuer}, but is sent to ${provider.name}.`
  })
}
