import type { Provider } from './provider.ts'
import { chatAt, openaiCompatible } from './usual-operations.ts'

/** Models and files at Anthropic are native: they want the key in a header of its own and a version. */
const anthropicNative = {
  auth: { kind: 'xheader', name: 'x-api-key' },
  headers: { 'anthropic-version': '2023-06-01' },
} as const

/** What answers hold for the next turn, under everybody's names for it: reasoning and signatures, in messages and calls. */
const REASONING = [
  'messages.reasoning_content',
  'messages.reasoning',
  'messages.reasoning_details',
  'messages.thinking_blocks',
  'messages.tool_calls.extra_content',
  'messages.extra_content',
  'messages.images',
]

/** Google's own API lies beside the OpenAI-compatible one, and wants the key in a header of its own. */
const googleNative = { beside: '/openai', auth: { kind: 'xheader', name: 'x-goog-api-key' } } as const

/** OpenAI's, by their names. */
const REASONING_MODELS = /^(o\d|gpt-5)/

/** Every built-in provider. The first six, their URLs, auth kinds and paths are the contract's. */
export const catalog: readonly Provider[] = [
  {
    id: 'openai',
    name: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(
      'responses',
      'embeddings',
      'completions',
      'images/generations',
      'images/edits',
      'images/variations',
      'audio/transcriptions',
      'audio/translations',
      'audio/speech',
      'moderations',
      'responses/compact',
      'responses/input_tokens',
    ),
    // Reasoning models answer 400 to max_tokens; the older models know both names.
    // Members of a message that it does not know are answered with 400 too.
    quirks: {
      drop: REASONING,
      rename: [{ from: 'max_tokens', to: 'max_completion_tokens', models: REASONING_MODELS }],
      effort: REASONING_MODELS,
    },
  },
  {
    id: 'anthropic',
    name: 'Anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    auth: { kind: 'bearer' }, // of its OpenAI-compatible chat endpoint
    operations: {
      models: { dialect: 'anthropic', endpoints: [{ path: '/models?limit=1000', ...anthropicNative }] },
      chat: chatAt('/chat/completions'),
      nativeChat: { dialect: 'anthropic-messages', path: '/messages', ...anthropicNative },
      messages: { path: '/messages', ...anthropicNative },
      countTokens: { path: '/messages/count_tokens', ...anthropicNative },
    },
    proxy: anthropicNative,
  },
  {
    id: 'groq',
    name: 'Groq',
    baseUrl: 'https://api.groq.com/openai/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible('responses', 'audio/transcriptions', 'audio/translations', 'audio/speech'),
    quirks: {
      // Answered with 400 when present, as is every member of a message that it does not know.
      drop: [
        'logit_bias',
        'logprobs',
        'top_logprobs',
        'store',
        ...REASONING,
        'messages.annotations',
        'messages.refusal',
      ],
      effort: /gpt-oss/,
    },
  },
  {
    id: 'cohere',
    name: 'Cohere',
    baseUrl: 'https://api.cohere.ai',
    auth: { kind: 'bearer' },
    operations: {
      models: { dialect: 'cohere', endpoints: [{ path: '/v1/models?page_size=1000' }] },
      chat: chatAt('/compatibility/v1/chat/completions'),
      nativeChat: { dialect: 'cohere-chat', path: '/v2/chat' },
      embeddings: { path: '/compatibility/v1/embeddings', drop: ['user'] },
      'audio/transcriptions': { path: '/v2/audio/transcriptions' },
      rerank: { path: '/v2/rerank' },
    },
    // 422 for fields it does not know, wherever they stand.
    quirks: {
      drop: ['stream_options', 'parallel_tool_calls', 'tools.function.strict', ...REASONING],
      streamOptions: false,
    },
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
      embeddings: { path: '/v1/embeddings' },
    },
  },
  {
    id: 'ollama',
    name: 'Ollama',
    baseUrl: 'http://ollama:8080/v1',
    auth: { kind: 'none' },
    operations: openaiCompatible('responses', 'embeddings', 'completions'),
    quirks: { extensions: ['reasoning'] },
  },
  {
    id: 'ollama_cloud',
    name: 'Ollama Cloud',
    baseUrl: 'https://ollama.com/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
    quirks: { extensions: ['reasoning'] },
  },
  {
    id: 'llamacpp',
    name: 'llama.cpp',
    baseUrl: 'http://llamacpp:8080/v1',
    auth: { kind: 'bearer' },
    keyOptional: true, // only if started with --api-key
    operations: openaiCompatible('responses', 'embeddings', 'completions', 'audio/transcriptions', 'rerank'),
    quirks: { extensions: ['reasoning_content', 'top_k'] },
  },
  {
    id: 'google',
    name: 'Google Gemini',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    auth: { kind: 'bearer' },
    operations: {
      ...openaiCompatible(),
      nativeChat: { dialect: 'google-generate-content', path: '/models', ...googleNative },
      embeddings: { path: '/embeddings', floatsOnly: true },
    },
    // Names it does not know are answered with 400.
    quirks: {
      drop: ['frequency_penalty', 'seed', 'top_k'],
      extensions: ['extra_content'],
      effort: /gemini-(2\.5|[3-9])/,
    },
  },
  {
    id: 'mistral',
    name: 'Mistral',
    baseUrl: 'https://api.mistral.ai/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible('embeddings', 'audio/transcriptions'),
    // 422 extra_forbidden for these; usage comes on the last chunk unasked.
    quirks: {
      drop: ['stream_options', 'store', ...REASONING, 'messages.annotations', 'messages.refusal', 'messages.name'],
      callIds: /^[A-Za-z0-9]{9}$/,
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
    operations: openaiCompatible('responses'),
    quirks: { extensions: ['reasoning_content'] },
  },
  {
    id: 'moonshot',
    name: 'Moonshot AI',
    baseUrl: 'https://api.moonshot.ai/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
    quirks: { extensions: ['reasoning_content'] },
  },
  {
    id: 'nvidia',
    name: 'NVIDIA NIM',
    baseUrl: 'https://integrate.api.nvidia.com/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible('embeddings'),
  },
  {
    id: 'minimax',
    name: 'MiniMax',
    baseUrl: 'https://api.minimax.io/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible('responses'),
  },
  {
    id: 'zai',
    name: 'Z.ai',
    baseUrl: 'https://api.z.ai/api/paas/v4',
    auth: { kind: 'bearer' },
    operations: openaiCompatible(),
    quirks: { extensions: ['reasoning_content'] },
  },
  {
    id: 'openrouter',
    name: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible('responses', 'embeddings', 'audio/transcriptions', 'audio/speech', 'rerank'),
    quirks: { extensions: ['reasoning', 'cache_control', 'top_k'], effort: /./ },
  },
  {
    id: 'together',
    name: 'Together AI',
    baseUrl: 'https://api.together.xyz/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible('embeddings', 'completions', 'rerank'),
  },
  {
    id: 'fireworks',
    name: 'Fireworks AI',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible('embeddings'),
  },
  {
    id: 'xai',
    name: 'xAI',
    baseUrl: 'https://api.x.ai/v1',
    auth: { kind: 'bearer' },
    operations: openaiCompatible('responses', 'images/generations'),
  },
]
