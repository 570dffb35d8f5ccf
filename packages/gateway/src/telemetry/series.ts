import type { Attributes } from '@opentelemetry/api'

/** The series of one metric. */
export interface Series<One> {
  /** The one with these labels; made when it is new. */
  readonly at: (labels: Attributes) => One
  readonly all: () => Iterable<One>
}

/** Labels that are the same object are found without being looked at. */
export function createSeries<One>(make: (labels: Attributes) => One): Series<One> {
  const byText = new Map<string, One>()
  const byObject = new WeakMap<Attributes, One>()

  function find(labels: Attributes): One {
    const key = JSON.stringify(labels)
    const one = byText.get(key) ?? make(labels)
    byText.set(key, one)
    byObject.set(labels, one)
    return one
  }

  return {
    at: (labels) => byObject.get(labels) ?? find(labels),
    all: () => byText.values(),
  }
}
