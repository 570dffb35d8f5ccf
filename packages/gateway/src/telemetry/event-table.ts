import type { GatewayEvent } from '../kernel/events.ts'
import type { RequestLine } from './log.ts'

/** When each event is told; docs/reference/events.md is printed from here. */
export const events: Readonly<Record<GatewayEvent['type'], string>> = {
  'exchange.started': 'A request has come in.',
  'exchange.streaming': 'The answer to it is piped: a stream of events, or a body on `/proxy`.',
  'exchange.finished':
    'The answer is through, or the client has gone. Holds all that is known of it: route, caller, provider, model, every ' +
    'try, status, error code, tokens, cost, times, trace. The line in the log, the metrics and the spans come from this.',
  'models.unavailable': "A provider's model list could not be read. Told on change only.",
  'models.available': 'It can be read again.',
  breaker: "A provider's model is given a pause, is tried again, or has recovered. Told on change only.",
  'auth.unavailable': 'The issuer of tokens cannot be asked. Told on change only.',
  'auth.available': 'It can be asked again.',
  content: 'What was asked or answered, word for word. Told only where `LOG_CONTENT` asks for it, to the log alone.',
}

/** What the members of a request's line in the log say, in their order. Those without a value are left out. */
export const requestLine: Readonly<Record<keyof RequestLine, string>> = {
  level: '`info`; `warn` for errors of the client; `error` for those of the server or a stream that broke.',
  time: 'When the answer was through.',
  service: '`APPLICATION_NAME`.',
  id: 'Names the request: the `x-request-id` of the client, or one of ours.',
  method: 'Of the request.',
  route: 'As the contract writes it, such as `/proxy/{provider}/{path}`; `unknown` where there is none.',
  path: 'As it came, where the route does not say it.',
  status: 'As the client got it; 499 where the client did not wait.',
  outcome: '`complete`, `failed` or `left`. An answer of status 200 can have failed: a stream that broke.',
  code: 'The error, as [errors](errors.md) has it, or as the provider calls it.',
  caller: "Who asked: a token's subject or a key's name.",
  requested: "The model in the client's words, an alias for example, or the chain of models.",
  provider: 'Who answered, or was asked last.',
  model: "The provider's name of the model.",
  ms: 'From the first byte of the request to the last of the answer.',
  waited_ms: 'Pauses between tries, where there were any.',
  upstream_ms: 'Waiting for providers: until their status lines, and for the rest of answers that are no streams.',
  first_token_ms: 'From the request to the first content of a stream.',
  attempts: 'Tries at providers, where there was more than one.',
  tries: 'What became of each of them, in turn: `groq/llama 503, openai/gpt-4o 200`.',
  input_tokens: 'As the provider counted them.',
  output_tokens: 'The same, reasoning included.',
  cached_tokens: 'The part of the input that the provider had in its cache.',
  reasoning_tokens: 'The part of the output that was reasoning.',
  estimated: '`true`: the answer broke off before its figures came; the tokens are a guess by what had passed.',
  cost_usd: 'By the price table, in US dollars.',
  trace_id: 'The trace it belongs to, where a collector takes traces.',
  upstream_request_id: "The provider's own id of the request, for its support.",
  reason: 'What went wrong, for the operator. Never a key, never a prompt.',
  msg: '`request`.',
}
