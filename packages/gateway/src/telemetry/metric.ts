/** One metric: a row of the table that the instruments, docs/reference/metrics.md and the checks of examples come from. */
export interface Metric {
  /** As OpenTelemetry writes it. */
  readonly name: string
  /** As Prometheus reads it, in the text of `/metrics`. */
  readonly prometheus: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly unit: string
  readonly about: string
  /** As OpenTelemetry writes them; Prometheus has `_` for every dot. */
  readonly labels: readonly string[]
  /** Upper bounds, in `unit`. */
  readonly buckets?: readonly number[]
}
