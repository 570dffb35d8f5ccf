import { parser } from '@prometheus-io/lezer-promql'
import { metrics } from '../../src/telemetry/metric-table.ts'

type Node = ReturnType<typeof parser.parse>['topNode']

/** What Prometheus adds to every series, and the gateway to those that clients push. */
const ADDED = ['job', 'instance', 'source']

/** Every name of a series there can be, with the labels it may have. */
const series = new Map<string, readonly string[]>([
  ['up', ADDED],
  ...Object.values(metrics).flatMap(({ prometheus, kind, labels }): [string, readonly string[]][] => {
    const all = [...labels.map((label) => label.replaceAll('.', '_')), ...ADDED]
    if (kind !== 'histogram') return [[prometheus, all]]
    return [
      [`${prometheus}_bucket`, [...all, 'le']],
      [`${prometheus}_sum`, all],
      [`${prometheus}_count`, all],
    ]
  }),
])

/**
 * The labels by which the answers to a query may be told apart. Throws when it is none to Prometheus' own grammar, or asks
 * for a series or a label that is not in the table of metrics.
 */
export function labelsOf(query: string): readonly string[] {
  const tree = parser.parse(query)
  tree.iterate({
    enter({ type, from }) {
      if (type.isError) throw new Error(`No PromQL from ${from} on: ${query}`)
    },
  })
  return labelsOfNode(tree.topNode, query)
}

/** Where labels are named: `{label="…"}`, `by (label)`, `on (label)`. */
const ASKING = new Set(['LabelMatchers', 'AggregateModifier', 'MatchingModifierClause'])

function labelsOfNode(node: Node, query: string): readonly string[] {
  const children = childrenOf(node)
  const known =
    node.name === 'VectorSelector'
      ? labelsOfSeries(node.getChild('Identifier'), query)
      : children.flatMap((child) => labelsOfNode(child, query))
  const asked = children.filter(({ name }) => ASKING.has(name)).flatMap((child) => namesOfLabels(child, query))
  for (const label of asked) if (!known.includes(label)) throw new Error(`No label ${label} here: ${query}`)
  // `without` would keep the others; nobody writes it here.
  return node.name === 'AggregateExpr' ? asked : known
}

function labelsOfSeries(node: Node | null, query: string): readonly string[] {
  const name = query.slice(node?.from, node?.to)
  const labels = series.get(name)
  if (labels === undefined) throw new Error(`No series ${name}: ${query}`)
  return labels
}

function namesOfLabels(node: Node, query: string): readonly string[] {
  if (/^(?:Quoted)?LabelName$/.test(node.name)) return [query.slice(node.from, node.to)]
  return childrenOf(node).flatMap((child) => namesOfLabels(child, query))
}

function childrenOf(node: Node): readonly Node[] {
  const children: Node[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child)
  return children
}
