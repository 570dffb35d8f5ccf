import type { Endpoint, Provider } from './provider.ts'

const modelsAt = (...paths: readonly string[]) =>
  ({ dialect: 'openai', endpoints: paths.map((path) => ({ path })) }) as const
const chatAt = (path: string): Endpoint => ({ path })

/** What an OpenAI-compatible service offers under its base URL. */
const openaiCompatible = (): Provider['operations'] => ({
  models: modelsAt('/models'),
  chat: chatAt('/chat/completions'),
})

/** Models and files at Anthropic are native: they want the key in a header of its own and a version. */
const anthropicNative = {
  auth: { kind: 'xheader', name: 'x-api-key' },
  headers: { 'anthropic-version': '2023-06-01' },
} as const

/** Every built-in provider. The first six, their URLs, auth kinds and paths are the contract's. */
export const catalog: readonly Provider[] = [
  {
    id: 'openai',
    name: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
    // Reasoning models answer 400 to max_tokens; the older models know both names.
    quirks: { rename: [{ from: 'max_tokens', to: 'max_completion_tokens', models: /^(o\d|gpt-5)/ }] },
  },
  {
    id: 'anthropic',
    name: 'Anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    auth: { kind: 'bearer' }, // of its OpenAI-compatible chat endpoint
    operations: {
      models: { dialect: 'anthropic', endpoints: [{ path: '/models?limit=1000', ...anthropicNative }] },
      chat: chatAt('/chat/completions'),
    },
    proxy: anthropicNative,
  },
  {
    id: 'groq',
    name: 'Groq',
    baseUrl: 'https://api.groq.com/openai/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
    quirks: { drop: ['logit_bias', 'logprobs', 'top_logprobs'] }, // answered with 400 when present
  },
  {
    id: 'cohere',
    name: 'Cohere',
    baseUrl: 'https://api.cohere.ai',
    auth: { kind: 'bearer' },
    operations: {
      models: { dialect: 'cohere', endpoints: [{ path: '/v1/models?page_size=1000' }] },
      chat: chatAt('/compatibility/v1/chat/completions'),
    },
    quirks: { drop: ['stream_options', 'parallel_tool_calls'], streamOptions: false },
  },
  {
    id: 'cloudflare',
    name: 'Cloudflare Workers AI',
    baseUrl: 'https://api.cloudflare.com/client/v4/accounts/{ACCOUNT_ID}/ai',
    auth: { kind: 'bearer' },
    operations: {
      models: {
        dialect: 'cloudflare',
        // Fine-tunes and the model catalogue are two lists; either may fail alone.
        endpoints: [{ path: '/finetunes/public?limit=1000' }, { path: '/models/search?per_page=50' }],
      },
      chat: chatAt('/v1/chat/completions'),
    },
  },
  {
    id: 'ollama',
    name: 'Ollama',
    baseUrl: 'http://ollama:8080/v1',
    auth: { kind: 'none' },
    operations: openaiCompatible(),
  },
  {
    id: 'ollama_cloud',
    name: 'Ollama Cloud',
    baseUrl: 'https://ollama.com/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
  },
  {
    id: 'llamacpp',
    name: 'llama.cpp',
    baseUrl: 'http://llamacpp:8080/v1',
    auth: { kind: 'bearer' },
    keyOptional: true, // only if started with --api-key
    operations: openaiCompatible(),
  },
  {
    id: 'google',
    name: 'Google Gemini',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
  },
  {
    id: 'mistral',
    name: 'Mistral',
    baseUrl: 'https://api.mistral.ai/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
    // 422 extra_forbidden for these; usage comes on the last chunk unasked.
    quirks: {
      drop: ['stream_options', 'store'],
      rename: [
        { from: 'max_completion_tokens', to: 'max_tokens' },
        { from: 'seed', to: 'random_seed' },
      ],
      streamOptions: false,
    },
  },
  {
    id: 'deepseek',
    name: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
  },
  {
    id: 'moonshot',
    name: 'Moonshot AI',
    baseUrl: 'https://api.moonshot.ai/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
  },
  {
    id: 'nvidia',
    name: 'NVIDIA NIM',
    baseUrl: 'https://integrate.api.nvidia.com/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
  },
  {
    id: 'minimax',
    name: 'MiniMax',
    baseUrl: 'https://api.minimax.io/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
  },
  {
    id: 'zai',
    name: 'Z.ai',
    baseUrl: 'https://api.z.ai/api/paas/v4',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
  },
  {
    id: 'openrouter',
    name: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
  },
  {
    id: 'together',
    name: 'Together AI',
    baseUrl: 'https://api.together.xyz/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
  },
  {
    id: 'fireworks',
    name: 'Fireworks AI',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
  },
  { id: 'xai', name: 'xAI', baseUrl: 'https://api.x.ai/v1', auth: { kind: 'bearer' }, operations: openaiCompatible() },
]
