import type { Endpoint, Provider, RelayedOperation } from './provider.ts'

const modelsAt = (...paths: readonly string[]) =>
  ({ dialect: 'openai', endpoints: paths.map((path) => ({ path })) }) as const
export const chatAt = (path: string): Endpoint => ({ path })

/** What an OpenAI-compatible service offers under its base URL: models, chat, and these besides, at OpenAI's paths. */
export const openaiCompatible = (...others: readonly (RelayedOperation | 'responses')[]): Provider['operations'] => ({
  models: modelsAt('/models'),
  chat: chatAt('/chat/completions'),
  ...Object.fromEntries(others.map((name) => [name, { path: `/${name}` }])),
})

/**
 * A provider of the configuration file, with what an OpenAI-compatible server may offer at OpenAI's paths besides: whether
 * it does, its own answer tells. Moderations and the like are left out: hardly a server of one's own has them.
 */
export const withUsualOperations = (provider: Provider): Provider => {
  const {
    models: _models,
    chat: _chat,
    ...others
  } = openaiCompatible(
    'embeddings',
    'completions',
    'images/generations',
    'images/edits',
    'audio/transcriptions',
    'audio/translations',
    'audio/speech',
    'rerank',
  )
  return { ...provider, operations: { ...others, ...provider.operations } }
}
