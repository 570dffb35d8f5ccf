import type { ClientResults, Feature } from './client.ts'

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
    name: 'llama-index-llms-openai-like (PyPI)',
    api: '/v1/chat/completions',
    features: ['abort'],
    reason: 'It holds the answer open after its generator was closed, until Python collects it.',
  },
  {
    name: 'inference-gateway-sdk (crate)',
    api: '/v1/chat/completions',
    features: ['error 404', 'error 429'],
    reason: 'It reads the words of 400, 401 and 500 alone; of others it tells the status.',
  },
  {
    name: '@openai/codex',
    api: '/v1/responses',
    features: ['error 429', 'error 500'],
    reason: 'It has words of its own for it and does not show the provider’s.',
  },
  {
    name: '@anthropic-ai/claude-code',
    api: '/v1/messages',
    features: ['error 404'],
    reason: 'It has words of its own for it, which name the model, and does not show the provider’s.',
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
