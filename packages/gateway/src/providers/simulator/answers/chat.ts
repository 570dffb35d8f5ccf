import { textAnswer, type Answer } from '../answer.ts'
import { arithmetic } from './arithmetic.ts'
import { hash } from '../hash.ts'
import { lastUserText, type ChatRequest } from '../request.ts'

/** Nobody needs a longer look to see what a text is about, and rules stay quick on texts of any size. */
const GLANCE = 2000

/** Answers by rules, in the order they stand; the first that has something to say wins. */
export function chatAnswer(request: ChatRequest): Answer {
  return textAnswer(request.tools.length === 0 ? talk(request) : `${talk(request)} ${CALLS_NOTHING}`)
}

/** What `chat` says to a conversation. */
export function talk(request: ChatRequest): string {
  const said = lastUserText(request).slice(0, GLANCE).trim()
  const name = toldName(request)
  for (const { when, say } of rules) {
    const match = when.exec(said)
    const answer = match === null ? null : say(match, name)
    if (answer !== null) return answer
  }
  return aboutWords(said)
}

interface Rule {
  readonly when: RegExp
  /** `name` is what the user is called, as told earlier or just now. `null` passes on to the next rule. */
  readonly say: (match: RegExpExecArray, name: string | null) => string | null
}

const NAME = /\b(?:my name is|my name['’]s|call me|i am called|i['’]m called)\s+([\p{L}\p{M}][\p{L}\p{M}'’-]{0,40})/giu

const HOW_TO_CONNECT =
  'To talk to a real model, give the gateway the key of a provider, for example OPENAI_API_KEY or ANTHROPIC_API_KEY, ' +
  'and start it again. Then ask for "openai/" or "anthropic/" and the name of the model; GET /v1/models lists them all.'

const JOKE = 'Why did the token cross the gateway? It saw a better route on the other side.'

const HAIKU = 'Words come one by one,\nno model stands behind them:\nrules dressed up as rain.'

const WHO_I_AM =
  'I am the simulator that is built into this gateway. I am not a language model: I answer by a few simple rules, ' +
  'so that you can try everything without a key.'

/** Whoever offers tools waits for a call, and would take its absence for a fault. */
const CALLS_NOTHING = 'I call no tools: the model simulator/tools does.'

const called = (name: string | null) => (name === null ? '' : `, ${name}`)

const rules: readonly Rule[] = [
  { when: /^$/, say: () => 'I am listening. Say something and I answer, one word at a time.' },
  {
    when: /\b(?:what(?:['’]s| is) my name|who am i|(?:know|remember) my name)\b/i,
    say: (_match, name) =>
      name === null ? 'You have not told me your name yet.' : `Your name is ${name}. You told me yourself.`,
  },
  {
    when: new RegExp(NAME.source, 'iu'),
    say: (_match, name) => `Nice to meet you${called(name)}! Ask me for your name later, I keep it in mind.`,
  },
  {
    when: /^(?:please )?(?:say|repeat|(?:reply|respond|answer) with)(?: (?:exactly|only|just))?:?\s+(.+)$/is,
    say: ([, words = '']) => words.replace(/^(["'“‘`])(.+)["'”’`][.!]?$/s, '$2'),
  },
  { when: /\d/, say: ({ input }) => solved(input) },
  {
    when: /\b(?:who|what) are you\b|\bare you (?:an? )?(?:\w+ )?(?:ai|model|llm|human|bot|robot|person|real|chatgpt|gpt)\b|\byour name\b/i,
    say: () => WHO_I_AM,
  },
  {
    when: /\b(?:api[ -]?keys?|keys?|providers?|models?|openai|anthropic|ollama)\b/i,
    say: () => `You are talking to the simulator. ${HOW_TO_CONNECT}`,
  },
  {
    when: /\bcount\b(?: from (\d{1,4}))?.{0,20}?\bto (\d{1,4})\b/i,
    say: ([, from = '1', to = '']) => counted(Number(from), Number(to)),
  },
  {
    when: /\bhow are you\b|\bhow['’]?s it going\b/i,
    say: (_match, name) => `Idle and in good order${called(name)}. And you?`,
  },
  { when: /\bjoke\b/i, say: () => JOKE },
  { when: /\b(?:haiku|poem)\b/i, say: () => HAIKU },
  { when: /\bthank(?:s| you)\b/i, say: (_match, name) => `You are welcome${called(name)}. It cost nobody a token.` },
  { when: /^(?:good)?bye\b|\bsee you\b/i, say: (_match, name) => `Goodbye${called(name)}. I will be here.` },
  {
    // A greeting with a question behind it is a question.
    when: /^(?:hi|hello|hey|howdy|hallo|moin|servus|bonjour|salut|hola|ciao|good (?:morning|afternoon|evening))\b(?:[\s,]+\p{L}+){0,3}[\s,.!?👋]*$/iu,
    say: (_match, name) => `Hello${called(name)}! I am the gateway's simulator. What shall we talk about?`,
  },
]

function toldName(request: ChatRequest): string | null {
  const told = request.messages
    .filter((message) => message.role === 'user')
    .flatMap((message) => Array.from(message.text.slice(0, GLANCE).matchAll(NAME), ([, name]) => name))
  return told.at(-1) ?? null
}

function solved(text: string): string | null {
  const result = arithmetic(text)
  return result === null ? null : `${result.expression} is ${result.value}.`
}

function counted(from: number, to: number): string | null {
  if (from > to) return null
  return `${Array.from({ length: to - from + 1 }, (_, index) => from + index).join(', ')}.`
}

const COMMON = new Set(
  `about after again all also and any are aren because been before being big but can could describe did does doing down
  during each every explain few find for from gave get give had has have having hello help her here him his how into its
  just kind know let like long made make many may mean more most much must name need new not now off old one only other
  our out over own part please put really same say see set should show simple simply some such sure take tell term terms
  than that the their them then there these they thing things think this those through today too try two under until use
  used using very want was way well were what when where which while who why will with work would write yes yet you your
  yours yourself`.split(/\s+/),
)

/** Up to three words the text seems to be about, in its order: the longest that are not everyday words. */
export function keyWords(text: string): readonly string[] {
  const words = text.slice(0, GLANCE).match(/[\p{L}\p{M}][\p{L}\p{M}\p{N}-]{2,30}/gu) ?? []
  const rare = [...new Set(words)].filter((word) => !COMMON.has(word.toLowerCase()))
  const longest = new Set(rare.toSorted((one, other) => other.length - one.length).slice(0, 3))
  return rare.filter((word) => longest.has(word))
}

/** What is said when no rule fits; which one depends on the text alone. */
const musings: readonly ((subject: string) => string)[] = [
  (subject) =>
    `You ask about ${subject}. A model would have much to say here; I only notice that your words arrived safely.`,
  (subject) => `${subject}: good words, and I see no more in them than letters. A real model would know what to do.`,
  (subject) => `I would love to tell you about ${subject}, but I am the simulator and have only my rules to go by.`,
]

const HINT = 'Ask me about "models" to hear how to connect a real one.'

function aboutWords(text: string): string {
  const quoted = keyWords(text).map((word) => `“${word}”`)
  const last = quoted.pop()
  if (last === undefined) return `I read that, but no rule of mine has an answer to it. ${HINT}`
  const subject = quoted.length === 0 ? last : `${quoted.join(', ')} and ${last}`
  const mood = Number.parseInt(hash(text).slice(-4), 16) % musings.length
  return `${musings[mood]?.(subject)} ${HINT}`
}
