// @ts-check
// What can go wrong, and how each of it is told apart. Everything that the client throws is a `VAIError`.
import { APIError, AuthenticationError, ConnectionError, InvalidRequestError, NotFoundError, RateLimitError, VAI } from '@vai/sdk'

const vai = new VAI({ defaultModel: 'demo/echo' })
const messages = [{ role: /** @type {const} */ ('user'), content: 'Hello!' }]

// All problems of a request are told at once.
await told(vai.messages.create({ messages: [], max_tokens: 0, top_p: 7 }))
await told(vai.messages.create({ model: 'demo/nobody', messages }))
await told(vai.messages.create({ model: 'cerebras/gpt-oss-120b', messages }))

// Nobody listens there. What may pass is tried again, twice unless `maxRetries` says otherwise. The logger is told.
await told(vai.withOptions({ baseURL: 'http://127.0.0.1:65535', maxRetries: 1, logger: console }).messages.create({ messages }))

/** @param {Promise<unknown>} answer */
async function told(answer) {
  try {
    await answer
  } catch (error) {
    if (error instanceof InvalidRequestError) {
      console.log(`wrong request (${error.status}), ${error.request_id}`)
      for (const { param, code, message } of error.issues) console.log(`  ${param}: ${message} [${code}]`)
    } else if (error instanceof AuthenticationError) console.log(`a key is missing or wrong: ${error.param}`)
    else if (error instanceof NotFoundError) console.log(`there is no such thing: ${error.message}`)
    else if (error instanceof RateLimitError) console.log(`too much at once; again in ${error.retry_after} s`)
    else if (error instanceof APIError) console.log(`the gateway says ${error.status} ${error.code}: ${error.message}`)
    else if (error instanceof ConnectionError) console.log(`no answer: ${error.message}`)
    else throw error
  }
}
