import type { Client, Place } from '../client.ts'
import {
  ASK_DOG,
  ASK_IMAGE,
  errorChecks,
  expectDog,
  expectImageSeen,
  expectPositive,
  expectWords,
  foreign,
  HELLO,
} from '../expect.ts'
import { type AgentEvent, createAgent, createHome, fileOf } from './agent.ts'
import { codingAgent } from './coding-agent.ts'

const configFor = (gateway: string) => `model_provider = "gateway"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.gateway]
name = "Inference Gateway"
base_url = "${gateway}/v1"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
`

/** What the simulator has it run is no program; that it ran, and told the model, is what counts. */
export async function codex(place: Place): Promise<Client> {
  const home = createHome({ 'config.toml': configFor(place.gateway) })
  const agent = createAgent([process.execPath, fileOf('@openai/codex/bin/codex.js')], home, { CODEX_HOME: home.home })
  const argsFor = (model: string, prompt: string, more: readonly string[] = []) => {
    const quietly = ['exec', '--skip-git-repo-check', '--ephemeral', '--json', '--sandbox', 'read-only']
    return [...quietly, '--model', model, ...more, '--', prompt]
  }
  const ask = async (model: string, prompt = HELLO, more: readonly string[] = []) => {
    const events = await agent.run(argsFor(model, prompt, more))
    const failure = events.find(({ type }) => type === 'turn.failed')
    if (failure !== undefined) throw new Error(String(memberIn(failure['error'], 'message')))
    const items = events.flatMap(({ type, item }) => (type === 'item.completed' ? [item as AgentEvent] : [])) // its own form
    const done = events.find(({ type }) => type === 'turn.completed')
    return {
      text: items.findLast(({ type }) => type === 'agent_message')?.['text'],
      tokens: memberIn(done?.['usage'], 'output_tokens'),
      commands: items.filter(({ type }) => type === 'command_execution').length,
    }
  }
  const parts = { name: '@openai/codex', api: '/v1/responses', agent, argsFor, ask }
  return codingAgent(place, parts, {
    bothTools: 'write stdin and exec command',
    async tools() {
      const { text, commands } = await ask('simulator/tools', 'Call exec command.')
      expectPositive('commands', commands)
      expectWords(text, 'exec_command answered')
    },
    'structured output': async () =>
      expectDog((await ask('simulator/json', ASK_DOG, ['--output-schema', home.file('dog.json')])).text),
    async vision() {
      await ask('scripted/plain', ASK_IMAGE, ['--image', home.file('pixel.png')])
      await expectImageSeen(place)
    },
    ...errorChecks(ask, (error) => {
      if (!(error instanceof Error)) return foreign(error)
      const status = /status (\d{3})/.exec(error.message)?.[1]
      return { isOwn: true, status: status === undefined ? undefined : Number(status), message: error.message }
    }),
    timeout: 'It waits for the beginning of an answer as long as it takes.',
  })
}

const memberIn = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
