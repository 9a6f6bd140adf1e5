// @ts-check
// An answer as it comes: its text in pieces, then the whole message; and the same as events.
import { VAI } from '@vai/sdk'

const vai = new VAI({ defaultModel: 'demo/echo' })
/** @type {import('@vai/sdk').MessageCreateParams} */
const params = { messages: [{ role: 'user', content: 'A stream is read piece by piece, while the model still writes.' }] }

const stream = vai.messages.stream(params)
for await (const text of stream.text()) process.stdout.write(`[${text}]`)
const { usage, request_id } = await stream.finalMessage()
console.log(`\n${usage.output_tokens} tokens, request ${request_id}`)

/** @type {Record<string, number>} */
const counts = {}
for await (const { type } of vai.messages.stream(params)) counts[type] = (counts[type] ?? 0) + 1
for (const [type, count] of Object.entries(counts)) console.log(`${count} × ${type}`)
