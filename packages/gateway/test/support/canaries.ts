/** What every key and the usual prompt of the tests begin with, so that they can be found where they do not belong. */
export const CANARY = 'canary-'

/** Throws when there is a canary in a text that anybody but the caller and the provider may read. */
export function refuseCanaries(where: string, text: string): void {
  const found = /canary-[\w-]+/.exec(text)
  if (found !== null) throw new Error(`${found[0]} is in ${where}`)
}
