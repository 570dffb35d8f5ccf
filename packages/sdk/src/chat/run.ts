import { Lazy } from '../http/lazy.ts'
import type { Completion } from './completion.ts'
import type { Ask } from './parse.ts'
import type { ChatFields, Message, ToolDefinition, ToolMessage } from './request.ts'
import type { Walk } from './steps.ts'

/** A tool that can be run: made by `tool()` of `@inference-gateway/sdk/tools`. */
export interface Tool {
  readonly name: string
  readonly definition: ToolDefinition
  /** Reads its input, JSON as the model wrote it; what comes of that runs it. Throws ParseError for input that does not fit. */
  prepare(input: string): Promise<(context: ToolContext) => unknown>
}

/** What a tool is told besides its input. */
export interface ToolContext {
  /** Fires when the caller leaves, or another tool of the same step has failed. */
  readonly signal: AbortSignal
  readonly toolCallId: string
}

/** A chat request with tools that are run. */
export interface RunRequest extends ChatFields {
  readonly tools: readonly Tool[]
  /** How many answers the model gives at most. 10 when absent. */
  readonly maxSteps?: number
}

/** One answer of the model, and what the tools it called said to it. */
export interface Step {
  readonly completion: Completion
  readonly results: readonly ToolMessage[]
}

/** How a run ended. */
export interface RunResult {
  /** The last answer. It still asks for tools when `maxSteps` came first: see its `finishReason`. */
  readonly completion: Completion
  /** What that says. */
  readonly text: string
  readonly steps: readonly Step[]
  /** The whole conversation, to be continued. */
  readonly messages: readonly Message[]
}

/**
 * A conversation between a model and tools. Await it for the end, or go through its steps by `for await`; whoever leaves the
 * loop ends the run there, and who awaits it then has it go on. Nothing is asked and no tool is run twice. What a tool
 * throws is thrown here: a tool that wants the model to know of a failure returns it.
 */
export class ToolRun extends Lazy<RunResult> implements AsyncIterable<Step> {
  readonly #start: () => Promise<Walk>

  constructor(ask: Ask, request: RunRequest, signal: AbortSignal | undefined) {
    let walk: Promise<Walk> | undefined
    const start = () => (walk ??= import('./steps.ts').then(({ startWalk }) => startWalk(ask, request, signal))) // loaded by those who use it
    super(async () => (await start()).end())
    this.#start = start
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Step, RunResult> {
    return yield* (await this.#start()).steps()
  }
}
