const MASK = '***'

/**
 * A value that must not be seen: provider keys, client secrets. It prints as `***` in strings, JSON and inspections, so
 * an accidental log line shows nothing. `reveal()` is called where the value is put on the wire, and where it
 * is taken out of what a provider says.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return MASK
  }

  toJSON(): string {
    return MASK
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return MASK
  }
}
