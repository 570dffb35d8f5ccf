type Names = readonly (readonly [names: RegExp, provider: string])[]

/** Names that tell their provider. Guesses, so they come last and count in the provider's own spelling only. */
const conventions: Names = [
  [/^(gpt|chatgpt)-/, 'openai'],
  [/^o[134](-|$)/, 'openai'],
  [/^claude-/, 'anthropic'],
  [/^command-/, 'cohere'],
  [/^@cf\//, 'cloudflare'],
  [/^(llama|deepseek-r1-distill)-/, 'groq'],
]

/** Names whose maker everybody knows, though others serve them too: enough for a hint, not for a route. */
const makers: Names = [
  [/^gemini-/, 'google'],
  [/^(mistral|ministral|magistral|codestral|devstral|pixtral)-/, 'mistral'],
  [/^deepseek-/, 'deepseek'],
  [/^grok-/, 'xai'],
  [/^(kimi|moonshot)-/, 'moonshot'],
  [/^glm-/, 'zai'],
  [/^minimax-/i, 'minimax'],
]

/** The provider that a model's name points at; `null`: none. */
export const conventionOf = (model: string): string | null => pointedAt(model, conventions)

/** Who makes models of such names; `null`: nobody knows. */
export const makerOf = (model: string): string | null => pointedAt(model, makers)

function pointedAt(model: string, names: Names): string | null {
  return names.find(([pattern]) => pattern.test(model))?.[1] ?? null
}
