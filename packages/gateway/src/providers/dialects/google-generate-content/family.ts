/** What Gemini models differ in, by their names. */
export interface Family {
  /** How thinking is asked for; `null`: the model does not think, or nobody knows. */
  readonly thinking: 'level' | 'budget' | null
  readonly isPro: boolean
}

/** Models that go by `-latest` are of one family or the next; both take a budget. */
export function familyOf(model: string): Family {
  const isPro = /gemini-[\d.]*-?pro/.test(model)
  if (/gemini-([3-9]|\d\d)/.test(model)) return { thinking: 'level', isPro }
  return { thinking: /gemini-2\.5|gemini-.*-latest/.test(model) ? 'budget' : null, isPro }
}
