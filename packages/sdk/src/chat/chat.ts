import type { Client } from '../client.ts'
import type { Reply } from '../http/reply.ts'
import { said } from '../json.ts'
import type { RequestOptions } from '../options.ts'
import type { OutputOf, StandardSchema } from '../schema.ts'
import { type Completion, completionOf } from './completion.ts'
import type { ParsedCompletion, ParseRequest } from './parse.ts'
import { type ChatRequest, messagesOf } from './request.ts'
import { type RunRequest, ToolRun } from './run.ts'
import { ChatStream } from './stream.ts'

/** Chat completions: called for a whole answer, and what else can be done with them. */
export interface Chat {
  (request: ChatRequest, options?: RequestOptions): Reply<Completion>
  /** The answer while it is told. Usage is always asked for. */
  stream(request: ChatRequest, options?: RequestOptions): ChatStream
  /** Lets the model call tools until it has an answer. */
  run(request: RunRequest, options?: RequestOptions): ToolRun
  /** Asks for an object by schema. Throws ParseError when the model writes something else. */
  parse<Schema extends StandardSchema>(
    request: ParseRequest<Schema>,
    options?: RequestOptions,
  ): Promise<ParsedCompletion<OutputOf<Schema>>>
}

const PATH = '/v1/chat/completions'

/** `defaults`: fields of every request that does not say them itself. */
export function createChat(client: Client, defaults: Readonly<Record<string, unknown>>): Chat {
  const ask = (request: ChatRequest, options?: RequestOptions) =>
    client.ask<Completion>('POST', PATH, options, { ...chatBody(defaults, request), stream: false }, (body, { meta }) =>
      completionOf(body, meta),
    )
  return Object.assign(ask, {
    stream: (request: ChatRequest, options?: RequestOptions) =>
      new ChatStream((ended) => {
        const body = chatBody(defaults, request)
        const streamed = { stream_options: { include_usage: true }, ...body, stream: true }
        return client.open('POST', PATH, options, streamed, ended)
      }),
    run: (request: RunRequest, options?: RequestOptions) =>
      new ToolRun((each) => ask(each, options), request, options?.signal),
    parse: async <Schema extends StandardSchema>(request: ParseRequest<Schema>, options?: RequestOptions) => {
      const { parse } = await import('./parse.ts') // loaded by those who use it
      return parse((each) => ask(each, options), request)
    },
  })
}

/** What `/v1/chat/completions` and `/v1/route/explain` take. */
export const chatBody = (defaults: Readonly<Record<string, unknown>>, request: ChatRequest) => ({
  ...defaults,
  ...said(request),
  messages: messagesOf(request),
})
