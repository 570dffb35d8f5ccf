import type { Provider } from '../provider.ts'

/** The simulator as a provider among the others. Its base URL names no host: nothing of it goes through a socket. */
export const simulatorProvider: Provider = {
  id: 'simulator',
  name: 'Simulator',
  baseUrl: 'simulator:',
  auth: { kind: 'none' },
  operations: {
    models: { dialect: 'openai', endpoints: [{ path: '/models' }] },
    chat: { path: '/chat/completions' },
    embeddings: { path: '/embeddings' },
  },
}
