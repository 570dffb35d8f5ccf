import { GatewayError } from '../kernel/errors.ts'
import type { Exchange } from '../kernel/exchange.ts'
import type { Target, UpstreamRequest } from '../providers/provider.ts'
import { boundaryOf, createFormScanner, type FormScanner, type FormValue, saysForm } from './form.ts'
import { concatenate } from './patch.ts'

/** A client's form, read as far as its model. */
export interface FormCall {
  readonly contentType: string
  /** The model as the client wrote it; none where the form says none as far as it was read. */
  readonly models: readonly string[]
  readonly values: readonly FormValue[]
  /** What has been read. */
  readonly head: Uint8Array<ArrayBuffer>
  /** What is still to come; `null`: the form is whole. It can be sent once. */
  readonly rest: Reader | null
  /** Of the whole form, where it is known. */
  readonly lengthBytes: number | null
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

export interface FormLimits {
  /** How much of a form may be held in memory while its model is looked for. */
  readonly limitBytes: number
  /** Whether the provider is known without the model: then it is not looked for far. */
  readonly mayLackModel: boolean
  /** Whether the form must be read to its end, because all that it names must be known before it is sent. */
  readonly needsWhole: boolean
}

/** Up to this size a form is read before it is sent, and can therefore be sent again. */
const SMALL_BYTES = 1024 * 1024

export const isForm = (headers: Headers): boolean => saysForm(headers.get('content-type') ?? '')

/**
 * Reads a form as far as its `model`; what follows stays with the client until somebody takes it. Most clients write the
 * file first: until the model has come, the file is held. Throws body_too_large when it has not come within the limit,
 * invalid_request when nobody could tell the form's parts.
 */
export async function readForm({ headers, body }: Exchange, limits: FormLimits): Promise<FormCall> {
  const contentType = headers.get('content-type') ?? ''
  const boundary = boundaryOf(contentType)
  if (boundary === null) throw unbounded()
  const scanner = createFormScanner(boundary, 'model')
  const announced = Number(headers.get('content-length') ?? Number.NaN)
  const lengthBytes = Number.isNaN(announced) ? null : announced
  if (limits.needsWhole || announced <= SMALL_BYTES) {
    const head = await body.bytes()
    scanner.push(head)
    return { contentType, ...found(scanner), head, rest: null, lengthBytes: head.byteLength }
  }
  const reader = body.stream()?.getReader() ?? null
  const { parts, isWhole } = reader === null ? { parts: [], isWhole: true } : await readToModel(reader, scanner, limits)
  return { contentType, ...found(scanner), head: concatenate(parts), rest: isWhole ? null : reader, lengthBytes }
}

const found = ({ values }: FormScanner): Pick<FormCall, 'values' | 'models'> => ({
  values,
  models: values.slice(0, 1).map(({ text }) => text),
})

async function readToModel(reader: Reader, scanner: FormScanner, { limitBytes, mayLackModel }: FormLimits) {
  const farthest = mayLackModel ? Math.min(SMALL_BYTES, limitBytes) : limitBytes
  const parts: Uint8Array[] = []
  let size = 0
  while (scanner.values.length === 0) {
    const { done, value } = await reader.read().catch(brokenOff)
    if (done) return { parts, isWhole: true }
    scanner.push(value)
    parts.push(value)
    size += value.byteLength
    if (size <= farthest) continue
    if (mayLackModel) break
    void reader.cancel().catch(() => {})
    throw tooFar(limitBytes)
  }
  return { parts, isWhole: false }
}

const unbounded = () =>
  new GatewayError(
    'invalid_request',
    'The content-type multipart/form-data names no boundary, so nobody can tell the parts of the form. Leave the header to the client that writes the form: it adds `boundary=…`.',
    { param: 'content-type' },
  )

const tooFar = (limitBytes: number) =>
  new GatewayError(
    'body_too_large',
    `The form's \`model\` did not come within ${limitBytes} bytes (SERVER_MAX_REQUEST_BODY_SIZE). Write it before the file, or add ?provider=.`,
    { param: 'model' },
  )

const brokenOff = (cause: unknown): never => {
  throw new GatewayError('client_closed_request', 'The form ended before it was whole.', { cause })
}

export interface EncodedForm extends Pick<UpstreamRequest, 'body' | 'content'> {
  readonly changes: readonly string[]
}

/** The form as a target gets it: with the provider's own name for the model. */
export function encodeForm(form: FormCall, { model }: Target): EncodedForm {
  const { contentType, values, head, rest, lengthBytes } = form
  const other = model === '' ? [] : values.filter(({ text }) => text !== model)
  const bytes = other.length === 0 ? head : withValues(head, other, new TextEncoder().encode(model))
  const length = lengthBytes === null ? null : lengthBytes + bytes.byteLength - head.byteLength
  return {
    body: rest === null ? bytes : followedBy(bytes, rest),
    content: { type: contentType, length },
    changes: other.map(({ text }) => `model=${text}>${model}`),
  }
}

function withValues(bytes: Uint8Array, values: readonly FormValue[], value: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = []
  let at = 0
  for (const { start, end } of values) {
    parts.push(bytes.subarray(at, start), value)
    at = end
  }
  return concatenate([...parts, bytes.subarray(at)])
}

/** Read at the provider's pace: what it does not take stays with the client. */
function followedBy(head: Uint8Array, rest: Reader): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(head),
      async pull(controller) {
        const { done, value } = await rest.read()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => rest.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
