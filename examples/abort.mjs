// @ts-check
// Three ways to stop early, and a bound of time. Each closes the connection, and with it the call to the provider.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { textOf, userMessage, VAI, VAIError } from '@vai/sdk'

const vai = new VAI({ defaultModel: 'demo/echo' })
const params = { messages: [userMessage('word '.repeat(1000))] }

const left = vai.messages.stream(params)
let pieces = 0
for await (const _ of left.text()) if (++pieces === 3) break
console.log(`left after ${pieces} pieces; what has come: ${textOf(left.partialMessage() ?? { content: [] }).trim()}`)

const stream = vai.messages.stream(params)
const message = stream.finalMessage()
stream.abort()
console.log(`abort(): ${await nameOf(message)}`)

const controller = new AbortController()
const answer = vai.messages.create(params, { signal: controller.signal })
controller.abort()
console.log(`a signal: ${await nameOf(answer)}`)

// This one takes the request and never answers. `streamTimeout` bounds a stream that falls silent.
const silent = createServer().listen(0, '127.0.0.1')
await once(silent, 'listening')
const { port } = /** @type {import('node:net').AddressInfo} */ (silent.address())
const slow = vai.withOptions({ baseURL: `http://127.0.0.1:${port}` })
console.log(`too slow: ${await nameOf(slow.messages.create(params, { timeout: 200 }))}`)
silent.close()

/** @param {Promise<unknown>} promise */
async function nameOf(promise) {
  const [{ status, ...rest }] = await Promise.allSettled([promise])
  if ('reason' in rest && rest.reason instanceof VAIError) return `${rest.reason.name}: ${rest.reason.message}`
  throw new Error(`It was ${status}.`)
}
