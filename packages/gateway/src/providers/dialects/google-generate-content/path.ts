import type { RequestFacts } from '../chat-dialect.ts'

/**
 * `/models/{model}:generateContent` and its streaming sister; tuned models lie beside the others. A model's name is one
 * segment whatever it holds, and the method behind it keeps even `..` from climbing.
 */
export function generatePath(path: string, { model, stream }: RequestFacts): string {
  const [, kind = 'models', name = model] = /^(models|tunedModels)\/(.+)$/s.exec(model) ?? []
  const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  return `${path.replace(/models$/, kind)}/${encodeURIComponent(name.toWellFormed())}:${method}`
}
