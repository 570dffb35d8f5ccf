import parse from 'parse-prometheus-text-format'
import type { TestGateway } from '../support/gateway.ts'

type Labels = Readonly<Record<string, string>>

/** What `/metrics` says, read by somebody else's parser. */
export interface Scraped {
  readonly names: readonly string[]
  /** All series of all metrics, buckets not counted. */
  readonly seriesCount: number
  readonly typeOf: (name: string) => string | undefined
  /** The sum over all series with these labels: of a histogram, of its values. */
  readonly value: (name: string, labels?: Labels) => number
  /** How many values a histogram holds. */
  readonly count: (name: string, labels?: Labels) => number
  readonly labelsOf: (name: string) => readonly Labels[]
  readonly text: string
}

export async function scrape(gateway: Pick<TestGateway, 'metrics'>): Promise<Scraped> {
  const text = await gateway.metrics()
  const families = parse(text)
  // The parser loses the labels of histograms; without their type every line is a sample of its own.
  const lines = parse(text.replaceAll(/^# .*\n/gm, ''))
  const samples = (name: string, labels: Labels = {}) =>
    lines
      .flatMap((family) => (family.name === name ? family.metrics : []))
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels?.[label] === value))
  const sum = (name: string, labels?: Labels) =>
    samples(name, labels).reduce((total, { value = '0' }) => total + Number(value), 0)
  const isHistogram = (name: string) => families.some((family) => family.name === name && family.type === 'HISTOGRAM')
  return {
    text,
    names: families.map(({ name }) => name),
    seriesCount: lines.reduce((total, { name, metrics }) => total + (name.endsWith('_bucket') ? 0 : metrics.length), 0),
    typeOf: (name) => families.find((family) => family.name === name)?.type,
    value: (name, labels) => sum(isHistogram(name) ? `${name}_sum` : name, labels),
    count: (name, labels) => sum(`${name}_count`, labels),
    labelsOf: (name) => samples(isHistogram(name) ? `${name}_count` : name).map(({ labels = {} }) => labels),
  }
}
