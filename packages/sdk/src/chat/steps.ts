import { AbortError, ParseError } from '../errors.ts'
import { aborted } from '../http/on-abort.ts'
import type { Ask } from './parse.ts'
import { type ChatRequest, messagesOf, type ToolCall, type ToolChoice, type ToolMessage } from './request.ts'
import type { RunRequest, RunResult, Step, Tool } from './run.ts'

/** A run that several may follow, each from its beginning: a step is taken when the first of them wants it. */
export interface Walk {
  readonly steps: () => AsyncGenerator<Step, RunResult>
  readonly end: () => Promise<RunResult>
}

export function startWalk(...parts: Parameters<typeof stepsOf>): Walk {
  const source = stepsOf(...parts)
  const taken: Promise<IteratorResult<Step, RunResult>>[] = []
  const take = (index: number) => (taken[index] ??= source.next())
  return {
    async *steps() {
      for (let index = 0; ; index++) {
        const { done, value } = await take(index)
        if (done === true) return value
        yield value
      }
    },
    async end() {
      for (let index = 0; ; index++) {
        const { done, value } = await take(index)
        if (done === true) return value
      }
    },
  }
}

/** The answers of the model, one by one, each with what the tools it called said to it. */
async function* stepsOf(
  ask: Ask,
  request: RunRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<Step, RunResult> {
  const { tools, maxSteps = 10, tool_choice: choice, ...chat } = request
  const conversation = [...messagesOf(request)]
  // No provider takes an empty list.
  const offered = tools.length === 0 ? chat : { ...chat, tools: tools.map(({ definition }) => definition) }
  const steps: Step[] = []
  for (;;) {
    const completion = await ask({ ...offered, messages: conversation, ...choiceFor(steps.length, choice) })
    conversation.push(completion.message)
    const isLast = completion.toolCalls.length === 0 || steps.length + 1 >= maxSteps
    const results = isLast ? [] : await runTools(tools, completion.toolCalls, signal)
    conversation.push(...results)
    const step = { completion, results }
    steps.push(step)
    yield step
    if (isLast) return { completion, text: completion.text, steps, messages: conversation }
  }
}

/** Who has to call a tool does so once: a model that had to go on would never answer. */
function choiceFor(step: number, choice: ToolChoice | undefined): Pick<ChatRequest, 'tool_choice'> {
  if (choice === undefined) return {}
  return { tool_choice: step > 0 && choice !== 'none' ? 'auto' : choice }
}

/** Runs the tools of one answer side by side. The first that fails stops the others. */
async function runTools(
  tools: readonly Tool[],
  calls: readonly ToolCall[],
  signal: AbortSignal | undefined,
): Promise<readonly ToolMessage[]> {
  const controller = new AbortController()
  const leave = () => controller.abort(signal?.reason)
  if (signal?.aborted) throw new AbortError(signal.reason)
  signal?.addEventListener('abort', leave)
  try {
    const answers = Promise.all(calls.map((call) => answerOf(tools, call, controller.signal)))
    return await Promise.race([answers, aborted(controller.signal)]) // not every tool heeds it
  } catch (error) {
    controller.abort(error)
    throw signal?.aborted ? new AbortError(signal.reason) : error
  } finally {
    signal?.removeEventListener('abort', leave)
  }
}

/** What is the model's own mistake is told to the model, so that it can do better. */
async function answerOf(
  tools: readonly Tool[],
  { id, function: called }: ToolCall,
  signal: AbortSignal,
): Promise<ToolMessage> {
  const answer = (value: unknown): ToolMessage => ({
    role: 'tool',
    tool_call_id: id,
    content: typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
  })
  const tool = tools.find(({ name }) => name === called.name)
  if (tool === undefined)
    return answer({ error: `There is no tool ${called.name}. There are: ${tools.map(({ name }) => name).join(', ')}.` })
  const run = await tool.prepare(called.arguments).catch((error: unknown) => {
    if (error instanceof ParseError) return () => ({ error: error.message })
    throw error
  })
  return answer(await run({ signal, toolCallId: id }))
}
