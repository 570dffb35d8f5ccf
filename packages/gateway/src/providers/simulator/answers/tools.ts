import { callAnswer, textAnswer, type Answer } from '../answer.ts'
import { isObject } from '../json-value.ts'
import { lastUserText, type ChatRequest, type Message, type Tool } from '../request.ts'
import { schemaInstance } from '../schema/instance.ts'

const LONGEST_QUOTE = 300

/** Calls a tool; once the results are there, says what they are. */
export function toolsAnswer(request: ChatRequest): Answer {
  if (request.messages.at(-1)?.role === 'tool') return textAnswer(summary(request.messages))
  if (request.toolChoice === 'none') return textAnswer('You asked me to call no tool, so I call none.')
  const chosen = choose(request)
  if (chosen.length === 0) return textAnswer('You gave me no tools. Send some in "tools" and I call one of them.')
  return callAnswer(
    chosen.map(({ name, parameters }) => ({ name, arguments: JSON.stringify(schemaInstance(parameters)) })),
  )
}

/** The named tool, else those the user speaks of, else the first. */
function choose(request: ChatRequest): readonly Tool[] {
  const { tools, toolChoice, parallelToolCalls } = request
  if (typeof toolChoice === 'object') return tools.filter((tool) => tool.name === toolChoice.name).slice(0, 1)
  const said = plain(lastUserText(request))
  const mentioned = tools.filter((tool) => said.includes(plain(tool.name)))
  return mentioned.length > 1 && parallelToolCalls ? mentioned : [...mentioned, ...tools].slice(0, 1)
}

/** `get_weather`, `get-weather` and "Get weather" are the same to somebody who speaks of a tool. */
const plain = (text: string) =>
  ` ${text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()} `

function summary(messages: readonly Message[]): string {
  const results = messages.slice(messages.findLastIndex((message) => message.role !== 'tool') + 1)
  const names = new Map(messages.flatMap((message) => message.calls).map((call) => [call.id, call.name]))
  const told = results.map(({ callId, text }) => `${names.get(callId ?? '') ?? 'The tool'} answered: ${inWords(text)}`)
  return results.length === 1 ? `${told[0]}.` : `I have ${results.length} results. ${told.join('; ')}.`
}

/** A result as a person would read it out: the members of an object one by one, anything else as it is. */
function inWords(result: string): string {
  const value = parsed(result)
  const words = isObject(value)
    ? Object.entries(value)
        .map(([name, member]) => `${name} is ${typeof member === 'string' ? member : JSON.stringify(member)}`)
        .join(', ')
    : result.trim()
  const whole = words === '' ? 'nothing' : words.replace(/\.$/, '')
  return whole.length > LONGEST_QUOTE ? `${whole.slice(0, LONGEST_QUOTE)}…` : whole
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not JSON: prose, told as it is
  }
}
