import { type ClientResults, features, type Skipped } from './client.ts'

const SIGNS = { works: 'yes', fails: '**no**', 'not offered': '–' } as const

/** The page on compatibility: what was run, how it went, and the reason for everything that did not. */
export function matrixPage(clients: readonly ClientResults[], skipped: readonly Skipped[]): string {
  const blocks = [
    '# Compatibility',
    '<!-- Printed by npm run compat -- --write. Change compat/, not this page. -->',
    INTRODUCTION,
    table(
      ['client', 'version', 'API', ...features],
      clients.map(({ name, version, api, results }) => [
        `\`${name}\``,
        version,
        `\`${api}\``,
        ...results.map(({ outcome }) => SIGNS[outcome]),
      ]),
    ),
    '## Reasons',
    table(['client', 'API', 'feature', 'result', 'reason'], clients.flatMap(reasonsOf)),
    ...(skipped.length === 0
      ? []
      : ['## Left out', skipped.map(({ name, reason }) => `- \`${name}\`: ${reason}`).join('\n')]),
  ]
  return `${blocks.join('\n\n')}\n`
}

const INTRODUCTION = `Clients of other makers, unmodified, with nothing set but their base URL, a key that nobody asks for, and no retries.
Coding agents run without a terminal, with a home of their own, and without telemetry or updates.
\`npm run compat\` runs them against the gateway and its simulator, those for npm on Bun, and prints this page.

- What the simulator does not speak, a scripted provider does: the own APIs of Anthropic, Cohere and Ollama. Behind
  \`/proxy/…\` the matrix therefore tells that the gateway passes them on unharmed, not how the services behave.
- The clients \`ollama\` and \`cohere-ai\` speak their makers' own APIs alone. The gateway passes these on under
  \`/proxy/ollama\` and \`/proxy/cohere\`, to Ollama and Cohere only: other providers' models cannot be had that way.
  \`/proxy/ollama\` leads to Ollama's own API only while \`OLLAMA_API_URL\` is set without \`/v1\`, as it is here;
  chat completions of the gateway need it with \`/v1\`.
- **tools**: a call with its arguments comes out; of two tools that the question names, both. Coding agents have run the
  tool and told the model what came of it. **vision**: a picture reaches the provider as it was sent. **structured output**: an instance of the JSON schema that was sent.
- **error**: the client throws its own type with the status (or, for curl, prints the body), and the message is the
  provider's, in words. 404 is a model its provider does not have.
- **abort**: the client leaves an endless stream, and the provider sees it go within 3 seconds. **timeout**: the
  client gives up a model that never answers, in its own words, and the provider sees it go.
- **completions**: the legacy ones. **embeddings** and **completions** of the AI SDK and LangChain are other classes of the
  same package.`

/**
 * What the page says of a client otherwise than it went, as lines to read. The version does not count: curl and what Python
 * brings are whatever the machine has.
 */
export function staleRows(page: string, { name, api, results }: ClientResults): readonly string[] {
  const cells = row([`\`${api}\``, ...results.map(({ outcome }) => SIGNS[outcome])])
  const isPrinted = page.split('\n').some((line) => line.startsWith(`| \`${name}\` |`) && line.endsWith(cells))
  return isPrinted ? [] : ['docs/reference/compatibility.md says otherwise: npm run compat -- --write']
}

/** One row for each reason, with all the features it holds for. */
function reasonsOf({ name, api, results }: ClientResults): string[][] {
  const groups = Map.groupBy(
    results.filter(({ reason }) => reason !== ''),
    ({ outcome, reason }) => `${outcome} ${reason}`,
  )
  return [...groups.values()].map((group) => [
    `\`${name}\``,
    `\`${api}\``,
    group.length === features.length ? 'all' : group.map(({ feature }) => feature).join(', '),
    group[0] === undefined ? '' : SIGNS[group[0].outcome],
    group[0]?.reason ?? '',
  ])
}

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')).join(' | ')} |`

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
