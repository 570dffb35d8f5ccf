/**
 * Chat through the gateway with the `openai` package: whole, then streamed.
 *
 *   npm install --prefix examples --no-save openai@6
 *   node examples/chat.mjs [model]
 */
import OpenAI from 'openai'

const model = process.argv[2] ?? 'simulator/chat'
const messages = [{ role: 'user', content: 'What is a gateway?' }]

const client = new OpenAI({
  baseURL: process.env.INFERENCE_GATEWAY_URL ?? 'http://localhost:8080/v1',
  // The package insists on a key. While the gateway asks for none, any word will do.
  apiKey: process.env.INFERENCE_GATEWAY_API_KEY ?? 'unused',
})

async function listModels() {
  for await (const { id, owned_by: owner } of client.models.list()) console.log(`${id}  (${owner})`)
}

async function chat() {
  const { choices, usage } = await client.chat.completions.create({ model, messages, max_tokens: 60 })
  console.log(choices[0].message.content)
  console.log(usage)
}

async function stream() {
  const chunks = await client.chat.completions.create({
    model,
    messages,
    max_tokens: 60,
    stream: true,
    stream_options: { include_usage: true },
  })
  for await (const { choices, usage } of chunks) {
    // The chunk that carries the usage has no choices.
    process.stdout.write(choices[0]?.delta.content ?? '')
    if (usage) process.stdout.write(`  (${usage.completion_tokens} tokens)`)
  }
  console.log()
}

try {
  await listModels()
  await chat()
  await stream()
} catch (error) {
  if (!(error instanceof OpenAI.APIError)) throw error
  console.error(`${error.constructor.name}: ${error.message}`)
  process.exitCode = 1
}
