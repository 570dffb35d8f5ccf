const PRIME = 0x01000193

/** 16 hex digits that are the same for the same text: FNV-1a, twice from different starts. Not for secrets. */
export function hash(text: string): string {
  let low = 0x811c9dc5
  let high = 0x9747b28c
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    low = Math.imul(low ^ unit, PRIME)
    high = Math.imul(high ^ unit ^ (high >>> 15), PRIME)
  }
  return hex(high) + hex(low)
}

const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0')
