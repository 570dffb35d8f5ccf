import { GatewayError } from '../kernel/errors.ts'
import type { Exchange, Handler } from '../kernel/exchange.ts'

export interface PushMetricsParts {
  /** Takes an export request; answers how many figures it could not take. Throws when the bytes are no such request. */
  readonly take: (bytes: Uint8Array, form: 'json' | 'protobuf') => number
}

/** As sent, and again when it is inflated: a few bytes can become many. */
const LIMIT_BYTES = 4 * 1024 * 1024

const FORMS = new Map<string, 'json' | 'protobuf'>([
  ['application/json', 'json'],
  ['application/x-protobuf', 'protobuf'],
])

/** POST /v1/metrics: OTLP/HTTP, as OpenTelemetry's SDKs and collectors send it. */
export function pushMetrics({ take }: PushMetricsParts): Handler {
  return async (exchange) => {
    const type = exchange.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
    const form = FORMS.get(type)
    if (form === undefined)
      throw new GatewayError('invalid_request', `Send metrics as ${[...FORMS.keys()].join(' or ')}.`)
    const rejected = takeOrRefuse(take, await readBody(exchange), form)
    return form === 'json' ? jsonAnswer(rejected) : protobufAnswer(rejected)
  }
}

function takeOrRefuse(take: PushMetricsParts['take'], bytes: Uint8Array, form: 'json' | 'protobuf'): number {
  try {
    return take(bytes, form)
  } catch (error) {
    throw new GatewayError('invalid_request', `The body is no OTLP export request in ${form}.`, { cause: error })
  }
}

async function readBody({ headers, body }: Exchange): Promise<Uint8Array> {
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'gzip' && encoding !== 'identity')
    throw new GatewayError('unsupported_encoding', `The body is encoded with ${encoding}. Send it plain or with gzip.`)
  const sent = body.stream()
  if (sent === null) return new Uint8Array(0)
  const limited = sent.pipeThrough(limit())
  const plain =
    encoding === 'gzip' ? limited.pipeThrough(new DecompressionStream('gzip')).pipeThrough(limit()) : limited
  try {
    return await new Response(plain).bytes()
  } catch (error) {
    throw error instanceof GatewayError
      ? error
      : new GatewayError('invalid_request', 'The body cannot be read to its end; is it gzip?', { cause: error })
  }
}

function limit(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let size = 0
  return new TransformStream({
    transform(chunk, controller) {
      size += chunk.byteLength
      if (size > LIMIT_BYTES) throw new GatewayError('body_too_large', `Metrics may have ${LIMIT_BYTES} bytes.`)
      controller.enqueue(chunk)
    },
  })
}

const REASON = 'Not taken: too many series, a kind that is not supported, or a name that stands for another kind.'

function jsonAnswer(rejected: number): Response {
  if (rejected === 0) return Response.json({})
  return Response.json({ partialSuccess: { rejectedDataPoints: String(rejected), errorMessage: REASON } })
}

/** ExportMetricsServiceResponse: field 1 is partial_success, with the number in field 1 and the text in field 2. */
function protobufAnswer(rejected: number): Response {
  const headers = { 'content-type': 'application/x-protobuf' }
  if (rejected === 0) return new Response(new Uint8Array(0), { headers })
  const reason = new TextEncoder().encode(REASON)
  const partial = [0x08, ...varint(rejected), 0x12, ...varint(reason.byteLength), ...reason]
  return new Response(Uint8Array.from([0x0a, ...varint(partial.length), ...partial]), { headers })
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.trunc(value / 0x80))]
}
