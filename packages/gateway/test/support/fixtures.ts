import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** Recorded exchanges of real providers lie beside the checkout; without them the replays are skipped. */
const FOLDER = resolve(import.meta.dir, '../../../../../shared/fixtures')

/** One recorded exchange with a provider. */
export interface Exchange {
  readonly provider: string
  /** The provider and the case, such as `groq/chat-stream-plain-01`. */
  readonly name: string
  readonly kind: string
  /** The path at the provider. */
  readonly endpoint: string
  readonly status: number
  readonly contentType: string
  readonly isStream: boolean
  readonly model: string | null
  /** `null` where only the answer was recorded. */
  readonly request: Buffer | null
  readonly response: Buffer
  /** Of the answer, in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

interface Meta {
  readonly endpoint: string
  readonly status: number
  readonly content_type: string
  readonly kind: string
  readonly model: string | null
  readonly response_headers: Readonly<Record<string, string>> | null
}

/** All exchanges of these kinds, in the order of the index. */
export function exchangesOf(...kinds: readonly string[]): readonly Exchange[] {
  const index = resolve(FOLDER, 'INDEX.tsv')
  if (!existsSync(index)) return []
  const rows = readFileSync(index, 'utf8').trim().split('\n').slice(1)
  return rows
    .map((row) => row.split('\t'))
    .filter(([, , kind = '']) => kinds.includes(kind))
    .map(([provider = '', name = '']) => read(provider, name))
}

function read(provider: string, name: string): Exchange {
  const file = (part: string) => resolve(FOLDER, provider, name, part)
  const meta = JSON.parse(readFileSync(file('meta.json'), 'utf8')) as Meta // the fixtures' README describes it
  const request = readFileSync(file('request.json'))
  const isStream = existsSync(file('response.sse'))
  return {
    provider,
    name: `${provider}/${name}`,
    kind: meta.kind,
    endpoint: meta.endpoint,
    status: meta.status,
    contentType: meta.content_type,
    isStream,
    model: meta.model,
    request: request.toString().trim() === 'null' ? null : request,
    response: readFileSync(file(isStream ? 'response.sse' : 'response.json')),
    headers: meta.response_headers ?? {},
  }
}
