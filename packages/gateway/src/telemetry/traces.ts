import {
  type Attributes,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace as tracing,
  TraceFlags,
} from '@opentelemetry/api'
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  SamplingDecision,
  type SpanExporter,
  TracerProvider,
  type TracerProviderOptions,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'
import type { ExchangeSummary, Try } from '../kernel/events.ts'
import { newSpanId, newTraceId, readTraceParent, type TraceContext } from '../kernel/trace.ts'
import type { Labels } from './labels.ts'
import { contentAttributes } from './span-content.ts'

/** Which traces are recorded. */
export interface Sampling {
  /** How many, 0 to 1. */
  readonly ratio: number
  /** Whether a client decides about its own. */
  readonly heedsClient: boolean
}

export interface TracesOptions {
  readonly exporter: SpanExporter
  readonly resource: NonNullable<TracerProviderOptions['resource']>
  readonly sampling: Sampling
  readonly version: string
  readonly labels: Labels
  /** Spans that found the queue full. */
  readonly drop: (spans: number) => void
}

export interface Traces {
  /** The place of a request in a trace, from its headers. */
  readonly start: (headers: Headers) => TraceContext
  /** `finishedAt`: ms since 1970. */
  readonly listen: (summary: ExchangeSummary, finishedAt: number) => void
  readonly close: () => Promise<void>
}

/** Spans that wait for the collector, or for their turn. */
const QUEUE_LIMIT = 2048

/**
 * Writes the spans of an exchange when it is over: one for the request, one for each try at a provider. Ids are given out
 * while it runs, so that the provider and the client can name them; everything else can wait. Spans hold figures and
 * names; what was asked and answered only where the operator has opted in.
 */
export function createTraces(options: TracesOptions): Traces {
  const { exporter, resource, sampling, version, labels, drop } = options
  const sampler = new TraceIdRatioBasedSampler(sampling.ratio)
  const picks = (traceId: string): boolean =>
    sampler.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED
  const planned = { traceId: '', spanId: '' }
  let waiting = 0
  const processor = new BatchSpanProcessor({ exporter: counted(exporter, (spans) => (waiting -= spans)) })
  const provider = new TracerProvider({
    resource,
    sampler: new AlwaysOnSampler(),
    idGenerator: { generateTraceId: () => planned.traceId, generateSpanId: () => planned.spanId },
    spanProcessors: [processor],
  })
  const tracer = provider.getTracer('inference-gateway', version)

  function write(span: SpanPlan, parent: Context): Context {
    Object.assign(planned, span.ids)
    const { name, kind, attributes, startTime, endTime, error } = span
    const written = tracer.startSpan(name, { kind, attributes, startTime }, parent)
    if (error !== null) written.setStatus({ code: SpanStatusCode.ERROR, message: error })
    written.end(endTime)
    return tracing.setSpan(parent, written)
  }

  return {
    start(headers) {
      const parent = readTraceParent(headers)
      if (parent !== null) {
        const isSampled = sampling.heedsClient ? parent.isSampled : picks(parent.traceId)
        return { ...parent, isSampled, spanId: newSpanId() }
      }
      const traceId = newTraceId()
      return { traceId, spanId: newSpanId(), parentSpanId: null, isSampled: picks(traceId), state: null }
    },
    listen(summary, finishedAt) {
      const { trace, tries } = summary
      if (trace === null || !trace.isSampled) return
      const spans = 1 + tries.length
      if (waiting + spans > QUEUE_LIMIT) return drop(spans)
      waiting += spans
      const startedAt = finishedAt - summary.durationMs
      const request = write(requestSpan(summary, trace, startedAt), parentOf(trace))
      for (const one of tries) write(trySpan(summary, one, { trace, labels, startedAt }), request)
    },
    close: () => provider.shutdown(),
  }
}

/** Tells how many spans the exporter has taken off the queue. */
function counted(exporter: SpanExporter, taken: (spans: number) => void): SpanExporter {
  return {
    export(spans, done) {
      taken(spans.length)
      exporter.export(spans, done)
    },
    shutdown: () => exporter.shutdown(),
  }
}

interface SpanPlan {
  readonly ids: { readonly traceId: string; readonly spanId: string }
  readonly name: string
  readonly kind: SpanKind
  readonly attributes: Attributes
  /** ms since 1970. */
  readonly startTime: number
  readonly endTime: number
  /** `null`: it went well. */
  readonly error: string | null
}

function parentOf({ traceId, parentSpanId, state }: TraceContext): Context {
  if (parentSpanId === null) return ROOT_CONTEXT
  return tracing.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId: parentSpanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
    ...(state === null ? {} : { traceState: createTraceState(state) }),
  })
}

function requestSpan(summary: ExchangeSummary, { traceId, spanId }: TraceContext, startTime: number): SpanPlan {
  const { id, method, route, path, status, code, durationMs, firstContentMs, usage, costUsd } = summary
  return {
    ids: { traceId, spanId },
    name: `${method} ${route}`,
    kind: SpanKind.SERVER,
    startTime,
    endTime: startTime + durationMs,
    error: status >= 500 || summary.outcome === 'failed' ? (code ?? String(status)) : null,
    attributes: {
      'http.request.method': method,
      'http.route': route,
      'url.path': path.slice(0, PATH_LIMIT),
      'http.response.status_code': status,
      'inference_gateway.request.id': id,
      'inference_gateway.attempts': summary.tries.length,
      ...(firstContentMs !== null && { 'inference_gateway.time_to_first_token': firstContentMs / 1000 }),
      ...(usage !== null && usageAttributes(usage)),
      ...(costUsd !== null && { 'inference_gateway.cost_usd': costUsd }),
      ...(code !== null && { 'error.type': code }),
    },
  }
}

const PATH_LIMIT = 200

function usageAttributes({ input, output, cached, cacheWritten, reasoning }: NonNullable<ExchangeSummary['usage']>) {
  return {
    'gen_ai.usage.input_tokens': input,
    'gen_ai.usage.output_tokens': output,
    ...(cached !== undefined && { 'gen_ai.usage.cache_read.input_tokens': cached }),
    ...(cacheWritten !== undefined && { 'gen_ai.usage.cache_creation.input_tokens': cacheWritten }),
    ...(reasoning !== undefined && { 'gen_ai.usage.reasoning.output_tokens': reasoning }),
  }
}

interface TrySurroundings {
  readonly trace: TraceContext
  readonly labels: Labels
  readonly startedAt: number
}

function trySpan(summary: ExchangeSummary, one: Try, { trace, labels, startedAt }: TrySurroundings): SpanPlan {
  const { route, path, tries, streamed, firstContentMs, usage, durationMs } = summary
  const operation = labels.operation(route, path)
  // The one that answered goes on until the answer is through.
  const isAnswer = one === tries.at(-1) && one.status !== null && one.status < 400
  const startTime = startedAt + one.startMs
  const error = one.code ?? (one.status !== null && one.status >= 400 ? String(one.status) : null)
  return {
    ids: { traceId: trace.traceId, spanId: one.spanId ?? newSpanId() },
    name: one.model === null ? operation : `${operation} ${one.model}`,
    kind: SpanKind.CLIENT,
    startTime,
    endTime: isAnswer ? startedAt + durationMs : startTime + one.durationMs,
    error,
    attributes: {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': one.provider,
      ...(one.model !== null && { 'gen_ai.request.model': one.model }),
      ...(one.status !== null && { 'http.response.status_code': one.status }),
      ...(error !== null && { 'error.type': error }),
      ...(isAnswer && streamed && { 'gen_ai.request.stream': true }),
      ...(isAnswer &&
        firstContentMs !== null && {
          'gen_ai.response.time_to_first_chunk': (firstContentMs - one.startMs) / 1000,
        }),
      ...(isAnswer && usage !== null && usageAttributes(usage)),
      ...(one === tries.at(-1) && summary.content !== null && contentAttributes(summary.content)),
    },
  }
}
