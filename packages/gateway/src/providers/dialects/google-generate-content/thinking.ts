import type { JsonObject } from '../json.ts'
import { textOf } from '../json.ts'
import type { Losses } from '../losses.ts'
import { familyOf } from './family.ts'

/** Tokens, as Google's OpenAI-compatible endpoint counts them out. */
const BUDGETS = new Map([
  ['none', 0],
  ['minimal', 1024],
  ['low', 1024],
  ['medium', 8192],
  ['high', 24_576],
  ['xhigh', 24_576],
])

const LEVELS = new Map([
  ['none', 'minimal'],
  ['minimal', 'minimal'],
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['xhigh', 'high'],
])

/** The least a 2.5 Pro thinks: it cannot do without. */
const PRO_MINIMUM = 128

/** `reasoning_effort` as a model's `thinkingConfig`. Where the model can only come near it, it counts as lost. */
export function thinkingOf(effort: unknown, model: string, losses: Losses): JsonObject | null {
  const asked = textOf(effort)
  if (asked === '') return null
  const { thinking, isPro } = familyOf(model)
  const level = LEVELS.get(asked)
  const budget = BUDGETS.get(asked)
  if (thinking === null || level === undefined || budget === undefined) {
    losses.add('reasoning_effort')
    return null
  }
  if (asked === 'xhigh' || (asked === 'none' && (isPro || thinking === 'level'))) losses.add('reasoning_effort')
  const includeThoughts = asked !== 'none'
  if (thinking === 'budget') return { thinkingBudget: isPro ? Math.max(PRO_MINIMUM, budget) : budget, includeThoughts }
  return { thinkingLevel: isPro ? proLevel(level, model) : level, includeThoughts }
}

/** The Pro models have fewer levels, the first of them only two. */
function proLevel(level: string, model: string): string {
  if (level === 'minimal') return 'low'
  return level === 'medium' && /gemini-3-pro/.test(model) ? 'high' : level
}
