import { type ClientResults, type Feature, features } from './client.ts'

/** What is known not to work, and why. */
interface Known {
  readonly name: string
  readonly api: string
  readonly features: readonly Feature[]
  /** For the reader of the matrix. */
  readonly reason: string
}

/** The matrix gives these reasons. Whatever else fails fails the run, and so does an entry that works: delete it. */
const known: readonly Known[] = [
  {
    name: '@anthropic-ai/sdk',
    api: '/v1/messages',
    features: ['models'],
    reason: "The ids are there; `type`, `display_name` and `created_at`, as Anthropic's list has them, are not.",
  },
  {
    name: 'groq-sdk',
    api: '/v1/chat/completions',
    features,
    reason:
      'The client puts `/openai/v1` before every path by itself, and the gateway has no routes there. Give it `/proxy/groq` as its base URL.',
  },
]

const knownOf = ({ name, api }: Pick<ClientResults, 'name' | 'api'>, feature: Feature): Known | undefined =>
  known.find((entry) => entry.name === name && entry.api === api && entry.features.includes(feature))

/** The results with the known reasons in the place of what the clients said. */
export function explained(client: ClientResults): ClientResults {
  const results = client.results.map((result) => {
    const reason = result.outcome === 'fails' ? knownOf(client, result.feature)?.reason : undefined
    return reason === undefined ? result : { ...result, reason }
  })
  return { ...client, results }
}

/** What went otherwise than known, as lines to read. */
export const surprises = (client: ClientResults): readonly string[] =>
  client.results.flatMap(({ feature, outcome, reason }) => {
    const isKnown = knownOf(client, feature) !== undefined
    if (outcome === 'fails' && !isKnown) return [`${feature} fails: ${reason}`]
    return outcome === 'works' && isKnown ? [`${feature} works by now: delete its entry in compat/known.ts`] : []
  })
