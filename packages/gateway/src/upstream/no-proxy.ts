/** Whether a host, named as in URLs but without brackets, is reached without a proxy. */
export type Exception = (host: string, port: number) => boolean

/** A whole name or address, perhaps with dots of subdomains in front and a port behind; a colon with nothing behind is none. */
const ENTRY = /^(?!.*[^:]:$)(?:\*?\.)?(\[[\da-f:.]+\]|[^:[\]]+|[\da-f]*:[\da-f:.]+)(?::(\d+))?$/

/**
 * Reads one entry of NO_PROXY, as curl and Go do: `*` is everything; a name means its subdomains too, with or without a
 * dot in front; an address means itself, however it is written, and `10.0.0.0/8` or `fd00::/8` a range of them. A port
 * behind a name or an address narrows it down.
 */
export function readException(entry: string): Exception {
  if (entry === '*') return () => true
  const range = /^([\da-f:.]+)\/(\d{1,3})$/i.exec(entry)
  if (range !== null) return rangeOf(range[1] ?? '', Number(range[2]))
  const [, written, port] = ENTRY.exec(entry.toLowerCase()) ?? []
  if (written === undefined) return () => false
  const name = written.replace(/^\[(.*)\]$/, '$1')
  const bits = bitsOf(name)
  const isMeant: Exception =
    bits === null ? (asked) => asked === name || asked.endsWith(`.${name}`) : rangeOf(name, bits.length)
  return (asked, askedPort) => (port === undefined || Number(port) === askedPort) && isMeant(asked, askedPort)
}

function rangeOf(network: string, length: number): Exception {
  const first = bitsOf(network)
  if (first === null || length > first.length) return () => false
  const shared = first.slice(0, length)
  return (host) => {
    const bits = bitsOf(host)
    return bits?.length === first.length && bits.startsWith(shared)
  }
}

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/

/** The 32 or 128 bits of an address, as a text of 0 and 1; `null`: it is a name. */
function bitsOf(host: string): string | null {
  if (IPV4.test(host)) {
    const bits = host.split('.').map((part) => binary(Number(part), 8))
    return bits.join('').length === 32 ? bits.join('') : null
  }
  // As URLs write it: up to eight groups, and `::` once at most.
  const canonical = host.includes(':') ? URL.parse(`http://[${host}]`)?.hostname.slice(1, -1) : undefined
  if (canonical === undefined) return null
  const [front = [], back = []] = canonical.split('::').map((half) => half.split(':').filter((group) => group !== ''))
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0')
  return [...front, ...zeros, ...back].map((group) => binary(Number.parseInt(group, 16), 16)).join('')
}

const binary = (value: number, width: number): string => value.toString(2).padStart(width, '0')
