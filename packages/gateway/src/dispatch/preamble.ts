import type { Clock } from '../kernel/clock.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Account, TimeLimit, UpstreamAnswer } from '../providers/provider.ts'
import { nextPart } from './parts.ts'
import { providerErrorOf, tellableError } from './provider-error.ts'
import type { ChatTap } from './tap.ts'

/** A stream that has been read up to its first content. */
export interface OpenedStream {
  readonly answer: UpstreamAnswer
  /** What has been read and not yet been passed on. */
  readonly held: readonly Uint8Array[]
}

/** How long a first token is waited for, from the moment its target was asked. */
interface FirstTokenPatience {
  readonly limit: TimeLimit
  /** On `clock.elapsed`. */
  readonly startedAt: number
  readonly clock: Clock
}

/**
 * Reads a stream up to its first content and holds back what came before it: until then another target can take over,
 * and the client sees one preamble. Throws ProviderError when the provider reports an error first,
 * http_response_incomplete when the stream ends, http_response_timeout when nothing comes within the limit.
 */
export async function holdPreamble(
  account: Account,
  answer: UpstreamAnswer,
  tap: ChatTap,
  patience: FirstTokenPatience | null,
): Promise<OpenedStream> {
  const { id: provider } = account.provider
  const held: Uint8Array[] = []
  const timer = patience === null ? null : giveUpLater(provider, answer, patience)
  try {
    while (!tap.state.hasContent && !tap.state.isFinished) {
      const part = await nextPart(answer)
      if (part === null) break
      held.push(tap.push(part))
      if (tap.state.error !== null) throw tellableError(account, providerErrorOf(provider, tap.state.error))
    }
    if (!tap.state.hasContent && !tap.state.isFinished) throw endedEarly(provider)
    return { answer, held }
  } catch (error) {
    answer.abort(error)
    throw error instanceof Error && 'status' in error ? error : endedEarly(provider, error)
  } finally {
    if (timer !== null) clearTimeout(timer)
  }
}

function giveUpLater(provider: string, answer: UpstreamAnswer, { limit, startedAt, clock }: FirstTokenPatience) {
  const leftMs = Math.max(0, limit.ms - (clock.elapsed() - startedAt))
  return setTimeout(() => answer.abort(tooLate(provider, limit)), leftMs)
}

/** The stream as it comes, with nothing held back. */
export const openStream = (answer: UpstreamAnswer): OpenedStream => ({ answer, held: [] })

const tooLate = (provider: string, { ms, setting }: TimeLimit) =>
  new GatewayError(
    'http_response_timeout',
    `Request timed out: ${provider} sent no first token within ${ms} ms (${setting}).`,
  )

const endedEarly = (provider: string, cause: unknown = null) =>
  new GatewayError('http_response_incomplete', `${provider} ended the stream before there was any content.`, { cause })
