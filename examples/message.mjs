// @ts-check
// A first message, and what comes with its answer.
import { textOf, VAI } from '@vai/sdk'

// Where the gateway is says VAI_BASE_URL, and its key, where it asks for one, VAI_API_KEY.
const vai = new VAI()

const message = await vai.messages.create({
  model: 'demo/echo',
  messages: [{ role: 'user', content: 'Hello, gateway!' }],
})

console.log(textOf(message))
console.log(`${message.model} stopped with ${message.stop_reason} after ${message.usage.output_tokens} tokens`)
console.log(`The operator finds the request in the log as ${message.request_id}`)
