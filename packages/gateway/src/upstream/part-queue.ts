/** Parts of an answer that have come, and that nobody has taken yet. */
export class PartQueue {
  readonly #parts: Uint8Array<ArrayBuffer>[] = []
  #bytes = 0

  /** How much waits. */
  get bytes(): number {
    return this.#bytes
  }

  push(part: Uint8Array<ArrayBuffer>): void {
    this.#parts.push(part)
    this.#bytes += part.length
  }

  /** The next bytes in one piece, all of them or as many as `limitBytes`; `null` when nothing waits. */
  take(limitBytes: number): Uint8Array<ArrayBuffer> | null {
    const parts = this.#parts.splice(0, this.#countFor(limitBytes))
    const [first] = parts
    if (first === undefined) return null
    // One part is the usual case, and needs no copy.
    const joined = parts.length === 1 ? first : Buffer.concat(parts)
    const isMore = joined.length > limitBytes
    if (isMore) this.#parts.unshift(joined.subarray(limitBytes))
    const taken = isMore ? joined.subarray(0, limitBytes) : joined
    this.#bytes -= taken.length
    return taken
  }

  /** How many parts hold so many bytes, or all that wait. */
  #countFor(limitBytes: number): number {
    if (this.#bytes <= limitBytes) return this.#parts.length
    let bytes = 0
    return 1 + this.#parts.findIndex((part) => (bytes += part.length) >= limitBytes)
  }
}
