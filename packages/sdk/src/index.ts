export { Gateway } from './gateway.ts'
export {
  AbortError,
  APIError,
  type Attempt,
  AuthenticationError,
  BadRequestError,
  BudgetExceededError,
  ConflictError,
  ConnectionError,
  GatewayError,
  type Issue,
  ModelNotFoundError,
  NotFoundError,
  ParseError,
  PermissionDeniedError,
  type Phase,
  RateLimitError,
  ServerError,
  StreamError,
  TimeoutError,
  UnprocessableEntityError,
  UpstreamError,
} from './errors.ts'
export type {
  Fetch,
  GatewayOptions,
  Log,
  Middleware,
  MiddlewareContext,
  OutgoingRequest,
  ProviderId,
  RequestOptions,
  Timeouts,
} from './options.ts'
export type { Lazy } from './http/lazy.ts'
export type { Meta } from './http/meta.ts'
export type { Reply, WithResponse } from './http/reply.ts'
export type { Chat } from './chat/chat.ts'
export type { ChatEvent, FinishEvent, ReasoningEvent, TextEvent, ToolCallEvent, UsageEvent } from './chat/accumulate.ts'
export type { AnswerMessage, Choice, Completion, CompletionBody, FinishReason, Shortcuts } from './chat/completion.ts'
export type { ParsedCompletion, ParseRequest } from './chat/parse.ts'
export type {
  AssistantMessage,
  ChatRequest,
  ContentPart,
  Message,
  ResponseFormat,
  SystemMessage,
  TextPart,
  ToolCall,
  ToolChoice,
  ToolDefinition,
  ToolMessage,
  UserMessage,
} from './chat/request.ts'
export type { RunRequest, RunResult, Step, Tool, ToolContext, ToolRun } from './chat/run.ts'
export type { ChatStream } from './chat/stream.ts'
export type { EmbeddingList, Embeddings, EmbeddingsRequest } from './embeddings.ts'
export type { Health } from './health.ts'
export type { Model, ModelList, Models, ModelsReply } from './models.ts'
export type { Proxy } from './proxy.ts'
export type { OutputOf, StandardSchema } from './schema.ts'
export type { ChatChunk, CompletionUsage } from '@inference-gateway/protocol/chat'
export type { RouteExplanation, RouteTarget } from '@inference-gateway/protocol/route'
