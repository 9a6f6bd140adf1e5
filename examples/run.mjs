// @ts-check
// A run: the gateway itself runs the tools, and the caller watches. The tool reads a page that the gateway serves.
import { textOf, userMessage, VAI } from '@vai/sdk'

const vai = new VAI()
const stream = vai.runs.stream({
  request: { model: 'demo/tools', messages: [userMessage(`What does ${vai.baseURL}/demo/page say?`)] },
  builtins: ['vai_web_fetch'],
  run: { max_turns: 4, timeout_ms: 30_000 },
})

for await (const event of stream) {
  if (event.type === 'step_start') console.log(`step ${event.index}`)
  if (event.type === 'tool_call_start') console.log(`  calls ${event.name} with ${JSON.stringify(event.input)}`)
  if (event.type === 'tool_result') console.log(`  the result has ${JSON.stringify(event.content).length} characters`)
}

const { response, stop_reason, turn_count, tool_call_count, messages } = await stream.finalResult()
console.log(`${stop_reason} after ${turn_count} answers and ${tool_call_count} call; the history has ${messages.length} messages`)
if (response) console.log(textOf(response).slice(0, 120))
