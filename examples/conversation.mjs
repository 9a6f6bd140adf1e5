// @ts-check
// A conversation: the caller keeps the messages, and sends all of them each time. Answers go back as they came, with all that
// their provider needs, so that another model may answer the next turn.
import { assistantMessage, textOf, userMessage, VAI } from '@vai/sdk'

const vai = new VAI()
/** @type {import('@vai/sdk').MessageParam[]} */
const messages = []

await turn('demo/echo', 'Good morning! My name is Ada.')
await turn('demo/tools', 'Another model answers this turn.')
await turn('demo/echo', 'And the first one answers this.')
console.log(`The history has ${messages.length} messages.`)

/** @param {string} model @param {string} said */
async function turn(model, said) {
  messages.push(userMessage(said))
  const answer = await vai.messages.create({ model, messages })
  messages.push(assistantMessage(answer))
  console.log(`you: ${said}\n${answer.model}: ${textOf(answer)} (${answer.usage.input_tokens} tokens in)`)
}
