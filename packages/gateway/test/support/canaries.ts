/** What every key and the usual prompt of the tests begin with, so that they can be found where they do not belong. */
export const CANARY = 'canary-'

/** Prompts and answers, under the names that the dialects have for them, as JSON writes them. Short ones occur by chance. */
const SAID =
  /"(?:content|text|input|prompt|system|instructions|delta|thinking|arguments)"\s*:\s*"((?:[^"\\]|\\.){12,60})/g

/** What is longer is about size. */
const READ_BYTES = 64 * 1024

/** So many are remembered: those of the tests that run now, and some before them. */
const REMEMBERED = 500

const said = new Set<string>()

/** Remembers the prompts or answers in what passes between the gateway and a provider: each is a canary from now on. */
export function noteSaid(bytes: Uint8Array | string): void {
  if (bytes.length > READ_BYTES) return
  for (const [, words = ''] of Buffer.from(bytes).toString().matchAll(SAID)) {
    said.delete(words)
    said.add(words)
  }
  for (const words of said) if (said.size > REMEMBERED) said.delete(words)
}

/** Throws when there is a canary in a text that anybody but the caller and the provider may read. */
export function refuseCanaries(where: string, text: string): void {
  const found = /canary-[\w-]+/.exec(text)?.[0] ?? [...said].find((words) => text.includes(words))
  if (found !== undefined) throw new Error(`${found} is in ${where}`)
}
