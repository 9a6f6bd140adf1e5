// @ts-check
// Tools that the caller runs: the model calls one, the caller answers, until there is nothing more to call.
import { assistantMessage, textOf, toolCallsOf, toolResult, userMessage, VAI } from '@vai/sdk'

const vai = new VAI({ defaultModel: 'demo/tools' })
/** @type {import('@vai/sdk').Tool[]} */
const tools = [
  {
    name: 'get_weather',
    description: 'The weather in a city.',
    input_schema: { type: 'object', properties: { city: { type: 'string', examples: ['Oslo'] } }, required: ['city'] },
  },
]
const messages = [userMessage('What is the weather in Oslo?')]

for (let turn = 1; turn <= 8; turn++) {
  const answer = await vai.messages.create({ messages, tools })
  messages.push(assistantMessage(answer))
  const calls = toolCallsOf(answer)
  if (calls.length === 0) {
    console.log(textOf(answer))
    break
  }
  messages.push(userMessage(...calls.map(answered)))
}

/** @param {import('@vai/sdk').ToolUseBlock} call */
function answered(call) {
  console.log(`${call.name}(${JSON.stringify(call.input)})`)
  if (call.input.city === 'Oslo') return toolResult(call, '3 °C, snow')
  return toolResult(call, 'There is no such city.', { isError: true })
}
