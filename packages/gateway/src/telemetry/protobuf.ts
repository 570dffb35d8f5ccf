/** The fields of a message by their number, with the names OTLP's JSON gives them. */
export interface Message {
  readonly [field: number]: Field
}

export interface Field {
  readonly name: string
  readonly type: 'text' | 'varint' | 'double' | 'fixed64' | 'sfixed64' | (() => Message)
  /** It may come several times, or, of numbers, packed into one. */
  readonly repeated?: true
}

const utf8 = new TextDecoder()

/** No message of OTLP is as deep. */
const DEPTH_LIMIT = 16

/**
 * Reads a message into plain objects (protobuf.dev, "Encoding"). Fields that are not in the table are skipped. Throws
 * RangeError when the bytes are no such message.
 */
export function decodeMessage(bytes: Uint8Array, message: Message, depth = 0): Record<string, unknown> {
  if (depth > DEPTH_LIMIT) throw new RangeError('nested too deep')
  const reader = createReader(bytes)
  const decoded: Record<string, unknown> = {}
  while (!reader.isAtEnd()) {
    const tag = reader.varint()
    const field = message[Math.trunc(tag / 8)]
    const wire = tag % 8
    if (field === undefined) reader.skip(wire)
    else {
      const values = valuesOf(field, wire, reader, depth)
      if (field.repeated) decoded[field.name] = added(decoded[field.name], values)
      else decoded[field.name] = values.at(-1)
    }
  }
  return decoded
}

/** Into the list that is there: made again with each of a million members, it would take hours. */
function added(list: unknown, values: readonly unknown[]): readonly unknown[] {
  const all: unknown[] = Array.isArray(list) ? list : []
  for (const value of values) all.push(value)
  return all
}

const DELIMITED = 2

function valuesOf({ type, repeated }: Field, wire: number, reader: Reader, depth: number): readonly unknown[] {
  if (type === 'text') return [utf8.decode(reader.delimited(wire))]
  if (typeof type === 'function') return [decodeMessage(reader.delimited(wire), type(), depth + 1)]
  if (wire !== DELIMITED) return [reader[type]()]
  if (!repeated) throw new RangeError('a list where a number is expected')
  const packed = createReader(reader.delimited(wire))
  const values: number[] = []
  while (!packed.isAtEnd()) values.push(packed[type]())
  return values
}

type Reader = ReturnType<typeof createReader>

function createReader(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0

  /** Whole numbers above 2^53 lose their last digits: counts and labels, nobody reads them as closely. */
  function varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = view.getUint8(at++)
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      if (factor > 2 ** 63) throw new RangeError('a number of more than ten bytes')
    }
  }

  function take(length: number): Uint8Array {
    if (at + length > bytes.byteLength) throw new RangeError('it ends in the middle of a field')
    at += length
    return bytes.subarray(at - length, at)
  }

  function number(read: () => number): number {
    const value = read()
    at += 8
    return value
  }

  function delimited(wire: number): Uint8Array {
    if (wire !== DELIMITED) throw new RangeError('a number where text or a message is expected')
    return take(varint())
  }

  return {
    isAtEnd: () => at >= bytes.byteLength,
    varint,
    delimited,
    double: () => number(() => view.getFloat64(at, true)),
    fixed64: () => number(() => Number(view.getBigUint64(at, true))),
    sfixed64: () => number(() => Number(view.getBigInt64(at, true))),
    skip(wire: number): void {
      if (wire === 0) varint()
      else if (wire === 1) take(8)
      else if (wire === DELIMITED) take(varint())
      else if (wire === 5) take(4)
      else throw new RangeError('an unknown kind of field')
    },
  }
}
