// @ts-check
// What can be asked, what is known of it, and what a question costs at the least, before it is asked.
import { userMessage, VAI } from '@vai/sdk'

const vai = new VAI()

// A page at a time; the loop fetches the next when it comes to it.
const page = await vai.models.list({ limit: 100 })
/** @type {Record<string, number>} */
const counts = {}
for await (const { owned_by } of page) counts[owned_by] = (counts[owned_by] ?? 0) + 1
for (const [provider, count] of Object.entries(counts)) console.log(`${provider}: ${count} models`)

const messages = [userMessage('How many tokens are these words, and what would they cost?')]
for (const model of ['groq/openai/gpt-oss-120b', 'openai/gpt-5-mini', 'demo/echo']) {
  const { input_tokens, estimated, method } = await vai.messages.countTokens({ model, messages })
  const { prices, max_input_tokens } = await vai.models.get(model)
  const how = estimated ? `estimated by ${method}` : 'counted by the provider'
  const cost = prices?.input === undefined ? 'no known price' : `$${((input_tokens * prices.input) / 1e6).toFixed(8)}`
  console.log(`${model}: ${input_tokens} tokens (${how}), ${cost}; takes up to ${max_input_tokens ?? 'an unknown number'}`)
}
