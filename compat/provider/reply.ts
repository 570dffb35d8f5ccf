/** The provider's endless streams, counted. */
export interface Streams {
  readonly opened: number
  /** Those that somebody still listens to. */
  readonly open: number
  /** The preamble, then this part again and again until the listener leaves. */
  endless(contentType: string, preamble: string, part: string): Response
  /** An answer that never begins, counted among them. */
  never(signal: AbortSignal): Promise<Response>
}

export type Body = Readonly<Record<string, unknown>>

export interface Refusal {
  readonly status: number
  readonly message: string
}

const refusals: Readonly<Record<string, Refusal>> = {
  'error-400': { status: 400, message: 'There is no such speed.' },
  'error-401': { status: 401, message: 'The API key is not valid.' },
  'error-404': { status: 404, message: 'There is no model "error-404".' },
  'error-429': { status: 429, message: 'Too many requests.' },
  'error-500': { status: 500, message: 'The server failed.' },
}

/** What a model of this name always answers with; `null` for the others. */
export const failureOf = (model: string): Refusal | null => refusals[model] ?? null

export const GREETING = "Hello! I am not the gateway's simulator."
/** A call of each tool that the request has. */
export const callsFor = (body: Body) => toolsOf(body).map((name) => ({ name, arguments: { city: 'Berlin' } }))

function toolsOf({ tools }: Body): readonly string[] {
  // OpenAI's form has the name in `function`; only our own clients ask.
  const list = (tools ?? []) as readonly { readonly name?: string; readonly function?: { readonly name: string } }[]
  return list.flatMap((tool) => tool.function?.name ?? tool.name ?? [])
}

export const DOG_TEXT = '{"name":"Rex","age":3}'

/** Server-sent events, each with its name. */
export const eventsOf = (events: readonly { readonly type: string }[]): string =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')

export const eventStream = (text: string): Response =>
  new Response(text, { headers: { 'content-type': 'text/event-stream' } })
