/** A line for a person at a terminal: time, status, what, for which name who answered, how long, at which cost. */
export function pretty(line: Readonly<Record<string, unknown>>): string {
  const time = text(line['time']).slice(11, 19)
  if (line['route'] === undefined)
    return `${time} ${text(line['level'])} ${[line['msg'], line['provider'], line['model'], line['reason']].map(text).filter(Boolean).join(' · ')}\n`
  const { status, method, route, path = route, ms, output_tokens: tokens, cost_usd: cost, tries, code, reason } = line
  const facts = [
    `${text(ms)} ms`,
    tokens === undefined ? '' : `${text(tokens)} tokens`,
    typeof cost === 'number' ? dollars(cost) : '',
    text(tries),
    text(code),
    text(reason),
  ].filter(Boolean)
  return `${time} ${text(status)} ${text(method)} ${text(path)}${whoOf(line)} · ${facts.join(' · ')}\n`
}

/** Who answered, and for which name, where that is another one. */
function whoOf({ requested, provider, model }: Readonly<Record<string, unknown>>): string {
  if (provider === undefined) return ''
  const name = nameOf(text(provider), text(model))
  const asked = text(requested)
  return ['', name, text(model)].includes(asked) ? ` ${name}` : ` ${asked} → ${name}`
}

/** `groq/llama…`; some providers write their own name before their models' already. */
export const nameOf = (provider: string, model: string): string =>
  model === '' ? provider : model.startsWith(`${provider}/`) ? model : `${provider}/${model}`

/** Three figures, and never `1e-7`. */
const dollars = (amount: number): string =>
  `$${Number(amount.toPrecision(3))
    .toFixed(9)
    .replace(/\.?0+$/, '')}`

/** What steers a terminal, or turns its text around: callers and providers choose some of the words. */
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

const text = (value: unknown): string =>
  typeof value === 'string' ? value.replaceAll(STEERING, '\ufffd') : value === undefined ? '' : JSON.stringify(value)
