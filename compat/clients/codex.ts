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
  GREETING,
  HELLO,
} from '../expect.ts'
import { type AgentEvent, createAgent, createHome, fileOf } from './agent.ts'
import { versionIn } from './version.ts'

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
    return events
  }
  const chat = async () => expectWords(answerIn(await ask('simulator/chat')), GREETING)
  return {
    name: '@openai/codex',
    version: versionIn(fileOf('@openai/codex')),
    api: '/v1/responses',
    checks: {
      models: 'It has no call for it.',
      chat,
      stream: chat, // it asks for a stream always
      async tools() {
        const events = await ask('simulator/tools', 'Call exec command.')
        expectPositive('commands', itemsOf(events).filter(({ type }) => type === 'command_execution').length)
        expectWords(answerIn(events), 'exec_command answered')
      },
      async 'parallel tools'() {
        const events = await ask('simulator/tools', 'Call write stdin and exec command.')
        expectWords(answerIn(events), 'I have 2 results')
      },
      'structured output': async () =>
        expectDog(answerIn(await ask('simulator/json', ASK_DOG, ['--output-schema', home.file('dog.json')]))),
      async vision() {
        await ask('scripted/plain', ASK_IMAGE, ['--image', home.file('pixel.png')])
        await expectImageSeen(place)
      },
      async usage() {
        const done = (await ask('simulator/chat')).find(({ type }) => type === 'turn.completed')
        expectPositive('usage', memberIn(done?.['usage'], 'output_tokens'))
      },
      ...errorChecks(ask, (error) => {
        if (!(error instanceof Error)) return foreign(error)
        const status = /status (\d{3})/.exec(error.message)?.[1]
        return { isOwn: true, status: status === undefined ? undefined : Number(status), message: error.message }
      }),
      abort: () => agent.leave(place, argsFor('scripted/endless', HELLO)),
      timeout: 'It waits for the beginning of an answer as long as it takes.',
      embeddings: 'It has no use for them.',
      completions: 'It has no use for them.',
    },
  }
}

const itemsOf = (events: readonly AgentEvent[]) =>
  events.flatMap(({ type, item }) => (type === 'item.completed' ? [item as AgentEvent] : [])) // its own form

const answerIn = (events: readonly AgentEvent[]) =>
  itemsOf(events).findLast(({ type }) => type === 'agent_message')?.['text']

const memberIn = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
