/** Whether a host, named as in URLs but without brackets, is reached without a proxy. */
export type Exception = (host: string, port: number) => boolean

/** A whole name or address, perhaps with dots of subdomains in front and a port behind. */
const ENTRY = /^(?:\*?\.)?(\[[\da-f:.]+\]|[^:[\]]+|[\da-f]*:[\da-f:.]+)(?::(\d+))?$/

/**
 * Reads one entry of NO_PROXY, as curl and Go do: `*` is everything; a name means its subdomains too, with or without a
 * dot in front; an address means itself, and `10.0.0.0/8` a range of IPv4 addresses. A port behind it narrows it down.
 */
export function readException(entry: string): Exception {
  if (entry === '*') return () => true
  const range = /^(\d+\.\d+\.\d+\.\d+)\/(\d\d?)$/.exec(entry)
  if (range !== null) return rangeOf(range[1] ?? '', Number(range[2]))
  const [, written, port] = ENTRY.exec(entry.toLowerCase()) ?? []
  if (written === undefined) return () => false
  const name = written.replace(/^\[(.*)\]$/, '$1')
  return (asked, askedPort) =>
    (asked === name || asked.endsWith(`.${name}`)) && (port === undefined || Number(port) === askedPort)
}

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/

function rangeOf(network: string, bits: number): Exception {
  if (bits > 32) return () => false
  // Shifted by 32, a number stays what it is.
  const mask = bits === 0 ? 0 : -1 << (32 - bits)
  const first = numberOf(network) & mask
  return (host) => IPV4.test(host) && (numberOf(host) & mask) === first
}

const numberOf = (address: string): number => address.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0)
