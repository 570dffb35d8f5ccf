/** Deep enough for anything typed by hand, shallow enough for the stack. */
const MAX_LENGTH = 200

const WORDS: Readonly<Record<string, string>> = {
  plus: '+',
  minus: '-',
  times: '*',
  'multiplied by': '*',
  'divided by': '/',
  x: '*',
  '×': '*',
  '·': '*',
  '÷': '/',
  '−': '-',
}

const LEAD = /^(?:please )?(?:what is|what's|how much is|calculate|compute|solve|evaluate)\s+/i

/** The value of "what is 2+3*4" or "7 times 6"; `null` when the text is no sum or has no value (`1/0`). */
export function arithmetic(text: string): { readonly expression: string; readonly value: number } | null {
  if (text.length > MAX_LENGTH) return null
  const expression = text
    .trim()
    .replace(LEAD, '')
    .replace(/[\s=?.!]+$/, '')
  const symbols = expression
    .toLowerCase()
    .replaceAll(/plus|minus|times|multiplied by|divided by|[x×·÷−]/g, (word) => WORDS[word] ?? word)
    .replaceAll('**', '^')
  if (!/^[\d\s.+\-*/^()]+$/.test(symbols) || !/\d\s*\)*\s*[+\-*/^]/.test(symbols)) return null
  const value = evaluate(symbols.match(/\d+(?:\.\d+)?|\.\d+|[+\-*/^().]/g) ?? [])
  return value === null ? null : { expression, value: Number(value.toPrecision(12)) } // 0.1 + 0.2 is 0.3 to people
}

/** Recursive descent, one function per precedence; NaN stands for "no sum" on the way. */
function evaluate(symbols: readonly string[]): number | null {
  let at = 0
  const take = (...wanted: readonly string[]) => (wanted.includes(symbols[at] ?? '') ? symbols[at++] : undefined)

  function sum(): number {
    let value = product()
    for (let sign = take('+', '-'); sign !== undefined; sign = take('+', '-')) {
      value = sign === '+' ? value + product() : value - product()
    }
    return value
  }
  function product(): number {
    let value = signed()
    for (let sign = take('*', '/'); sign !== undefined; sign = take('*', '/')) {
      value = sign === '*' ? value * signed() : value / signed()
    }
    return value
  }
  function signed(): number {
    return take('-') === undefined ? power() : -signed()
  }
  function power(): number {
    const base = operand()
    return take('^') === undefined ? base : base ** signed()
  }
  function operand(): number {
    if (take('(') === undefined) return Number(symbols[at++] ?? NaN)
    const value = sum()
    return take(')') === undefined ? NaN : value
  }

  const value = sum()
  return at === symbols.length && Number.isFinite(value) ? value : null
}
