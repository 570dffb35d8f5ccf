import type { Client, Place } from '../client.ts'
import { ASK_DOG, errorChecks, expectDog, expectWords, foreign, HELLO, TIMEOUT_MS } from '../expect.ts'
import { type AgentEvent, createAgent, createHome, fileOf } from './agent.ts'
import { codingAgent } from './coding-agent.ts'

/** The package that has the program for this machine. */
export const claudeProgram = (): string => {
  const program = process.platform === 'win32' ? 'claude.exe' : 'claude'
  return fileOf(`@anthropic-ai/claude-code-${process.platform}-${process.arch}/${program}`)
}

/** Claude Code without its network but for the gateway, and without a retry. */
const quiet = (gateway: string) => ({
  ANTHROPIC_BASE_URL: gateway,
  ANTHROPIC_AUTH_TOKEN: 'unused',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  CLAUDE_CODE_MAX_RETRIES: '0',
  DISABLE_AUTOUPDATER: '1',
  DISABLE_ERROR_REPORTING: '1',
  DISABLE_TELEMETRY: '1',
})

export async function claudeCode(place: Place): Promise<Client> {
  const home = createHome()
  const agent = createAgent([claudeProgram()], home, quiet(place.gateway))
  const argsFor = (model: string, prompt: string, more: readonly string[] = []) => {
    const printing = ['--print', '--output-format', 'stream-json', '--verbose', '--max-turns', '5']
    return [...printing, '--model', model, ...more, prompt]
  }
  const ask = async (model: string, prompt = HELLO, more: readonly string[] = [], env = {}) => {
    const result = (await agent.run(argsFor(model, prompt, more), env)).findLast(({ type }) => type === 'result')
    if (result === undefined) throw new Error('it ended without a result')
    if (result['is_error'] === true) throw new ClaudeCodeError(result)
    const { output_tokens: tokens } = result['usage'] as { output_tokens: unknown } // the checks find out
    return { text: result['result'], tokens, output: result['structured_output'] }
  }
  const parts = { name: '@anthropic-ai/claude-code', api: '/v1/messages', agent, argsFor, ask }
  return codingAgent(place, parts, {
    bothTools: 'ListAgents and Bash',
    tools: async () => expectWords((await ask('simulator/tools', 'Call ListAgents.')).text, 'ListAgents answered'),
    async 'structured output'() {
      const schema = ['--json-schema', await Bun.file(home.file('dog.json')).text()]
      expectDog((await ask('simulator/tools', `${ASK_DOG} Call StructuredOutput.`, schema)).output)
    },
    vision: 'It takes pictures from a terminal, or by a tool of its own that reads files.',
    ...errorChecks(ask, (error) =>
      error instanceof ClaudeCodeError ? { isOwn: true, status: error.status, message: error.message } : foreign(error),
    ),
    async timeout() {
      const impatient = { API_TIMEOUT_MS: String(TIMEOUT_MS) }
      const error = await ask('scripted/silent', HELLO, [], impatient).then(() => null, String)
      expectWords(error, 'imed out')
    },
  })
}

/** What it prints as the result of a turn that went wrong. */
class ClaudeCodeError extends Error {
  readonly status: unknown
  constructor({ result, api_error_status: status }: AgentEvent) {
    super(String(result))
    this.status = status
  }
}
