import type { Client, Place } from '../client.ts'
import {
  ASK_BOTH,
  ASK_DOG,
  ASK_IMAGE,
  ASK_WEATHER,
  DOG,
  errorChecks,
  expectDog,
  expectImageSeen,
  expectWords,
  foreign,
  GREETING,
  HELLO,
} from '../expect.ts'
import { programOf } from '../python.ts'
import { createAgent, createHome } from './agent.ts'

const TOOLS = `def get_weather(city: str) -> str:
    "The weather in a city"
    return "sunny"

def get_time(city: str) -> str:
    "The time in a city"
    return "noon"
`

/** The command-line tool, with nothing but its one line for endpoints. */
export async function llm(place: Place): Promise<Client> {
  const program = programOf('requirements', 'llm')
  const home = createHome()
  const agent = createAgent([program], home, {})
  const argsFor = (model: string, prompt: string, more: readonly string[] = []) => {
    const endpoint = ['openai', 'endpoint', `${place.gateway}/v1`]
    return [...endpoint, '--model', model, ...more, prompt]
  }
  const say = async (args: readonly string[]) => {
    const { text, complaint, status } = await agent.say(args)
    if (status !== 0) throw new LlmError(complaint)
    return text
  }
  const ask = (model: string, prompt = HELLO, more: readonly string[] = []) => say(argsFor(model, prompt, more))
  const withTools = (prompt: string) => ask('simulator/tools', prompt, ['--functions', TOOLS])
  return {
    name: 'llm',
    version: (await say(['--version'])).replace(/.*version /, '').trim(),
    api: '/v1/chat/completions',
    checks: {
      models: async () =>
        expectWords(await say(['openai', 'endpoint', `${place.gateway}/v1`, '--models']), 'simulator/chat'),
      chat: async () => expectWords(await ask('simulator/chat', HELLO, ['--no-stream']), GREETING),
      stream: async () => expectWords(await ask('simulator/chat'), GREETING),
      tools: async () => expectWords(await withTools(ASK_WEATHER), 'get_weather answered: sunny'),
      'parallel tools': async () => expectWords(await withTools(ASK_BOTH), 'I have 2 results'),
      'structured output': async () =>
        expectDog(await ask('simulator/json', ASK_DOG, ['--schema', JSON.stringify(DOG)])),
      async vision() {
        await ask('scripted/plain', ASK_IMAGE, ['--attachment', home.file('pixel.png')])
        await expectImageSeen(place)
      },
      usage: 'It tells none for an endpoint: it keeps no log of it.',
      ...errorChecks(ask, (error) => {
        if (!(error instanceof LlmError)) return foreign(error)
        return { isOwn: true, status: Number(/Error code: (\d+)/.exec(error.message)?.[1]), message: error.message }
      }),
      abort: () => agent.leave(place, argsFor('scripted/endless', HELLO)),
      timeout: 'It has none.',
      embeddings: 'It has no call for them at an endpoint.',
      completions: 'It has no call for them at an endpoint.',
    },
  }
}

/** What it complains of. */
class LlmError extends Error {}
