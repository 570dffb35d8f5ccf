/** Stands in the page on providers; its test reads it as the gateway would. */
export const PROVIDERS_EXAMPLE = `providers:
  - id: my-vllm
    name: vLLM in the basement
    base_url: http://10.0.0.5:8000/v1
    auth: none
  - id: acme
    base_url: https://llm.example.com/api/v1
    auth: { header: x-api-key }
    key_env: ACME_KEY
    headers: { x-team: research }
    quirks:
      drop: [logit_bias]
      rename: { max_completion_tokens: max_tokens }
      stream_options: false`

/** Stands in the page on routing; its test reads it as the gateway would. */
export const ROUTING_EXAMPLE = `models:
  fast:
    strategy: weighted
    deployments:
      - { provider: groq, model: openai/gpt-oss-120b, weight: 3 }
      - { provider: openai, model: gpt-4o-mini }
  careful:
    strategy: priority
    deployments:
      - { provider: anthropic, model: claude-sonnet-4-5 }
      - { provider: openai, model: gpt-4o }
    retry: { attempts: 3, budget: 20s, first_token_timeout: 30s }`
