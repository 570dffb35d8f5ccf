import type { Checks, Client, Place } from '../client.ts'
import { expectPositive, expectWords, GREETING, HELLO } from '../expect.ts'
import { type Agent, fileOf } from './agent.ts'
import { versionIn } from './version.ts'

/** What a coding agent has answered. */
export interface Answer {
  readonly text: unknown
  /** How many tokens it counts. */
  readonly tokens: unknown
}

/** How a coding agent is asked. `more`: options of the command line. */
interface Parts {
  /** Of npm. */
  readonly name: string
  readonly api: string
  readonly agent: Agent
  readonly argsFor: (model: string, prompt: string, more?: readonly string[]) => readonly string[]
  readonly ask: (model: string, prompt?: string) => Promise<Answer>
}

type Common = 'models' | 'chat' | 'stream' | 'parallel tools' | 'usage' | 'abort' | 'embeddings' | 'completions'

/** The checks in which coding agents differ, and the names of two tools that can be called together. */
interface Own extends Omit<Checks, Common> {
  readonly bothTools: string
}

/** A coding agent as a client: an answer is an end of a turn, and everything is a stream. */
export function codingAgent(
  place: Place,
  { name, api, agent, argsFor, ask }: Parts,
  { bothTools, ...own }: Own,
): Client {
  // The simulator would talk about the reminders that some put around the question.
  const chat = async () => expectWords((await ask('scripted/plain')).text, GREETING)
  return {
    name,
    version: versionIn(fileOf(name)),
    api,
    checks: {
      ...own,
      models: 'It has no call for it without a terminal.',
      chat,
      stream: chat,
      'parallel tools': async () =>
        expectWords((await ask('simulator/tools', `Call ${bothTools}.`)).text, 'I have 2 results'),
      usage: async () => expectPositive('usage', (await ask('simulator/chat')).tokens),
      abort: () => agent.leave(place, argsFor('scripted/endless', HELLO)),
      embeddings: 'It has no use for them.',
      completions: 'It has no use for them.',
    },
  }
}
