import { GatewayError } from '../kernel/errors.ts'
import type { AnswerBody } from '../providers/provider.ts'
import { StreamBody, streamOf } from './body-stream.ts'

/** As names go on the wire (RFC 9110, section 8.4.1), and what the runtime calls them. */
const FORMATS: Readonly<Record<string, string>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'brotli',
  zstd: 'zstd',
}

/** A body without its content encoding. Throws invalid_response for an encoding that nobody asked for and nobody knows. */
export function decoded(body: AnswerBody, encoding: string | undefined): AnswerBody {
  const name = encoding?.toLowerCase() ?? 'identity'
  if (name === 'identity' || name === '') return body
  const format = FORMATS[name]
  if (format === undefined)
    throw new GatewayError('invalid_response', `The provider encoded its answer with ${name}, which is unknown here.`)
  // The runtime knows more formats than the type, which lists the standard's.
  return new StreamBody(streamOf(body).pipeThrough(new DecompressionStream(format as CompressionFormat)))
}
