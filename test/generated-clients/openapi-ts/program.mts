import { client } from './client/client.gen.js'
import { createMessage, getModel, listModels, type RunResult, streamRun } from './client/index.js'

client.setConfig({ baseUrl: process.argv[2] ?? 'http://127.0.0.1:8080' })

const { data: greeting } = await createMessage({
  body: { model: 'demo/echo', max_tokens: 100, messages: [{ role: 'user', content: 'Hello, gateway!' }] },
  throwOnError: true,
})
const text = greeting.content.map((block) => (block.type === 'text' ? block.text : '')).join('')

const { data: answer } = await createMessage({
  body: {
    model: 'demo/tools',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'What is the weather in Paris?' }] }],
    tools: [
      {
        name: 'get_weather',
        description: 'The weather in a city',
        input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      },
    ],
    cache_control: { type: 'ephemeral' },
  },
  throwOnError: true,
})
const calls = answer.content.flatMap((block) => (block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : []))

const { data: list } = await listModels({ throwOnError: true })
const { data: echo } = await getModel({ path: { model_id: 'demo/echo' }, throwOnError: true })

const { stream } = await streamRun({
  body: { request: { model: 'demo/echo', messages: [{ role: 'user', content: 'Run.' }] }, run: { max_turns: 2 } },
  // By itself it asks for the run again and again where a stream fails.
  sseMaxRetryAttempts: 1,
})
let run: RunResult | undefined
for await (const event of stream) if (event.type === 'run_complete') run = event.result

const { error: failure, response } = await createMessage({
  body: {
    model: 'demo/echo',
    messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_none', content: 'Sunny.' }] }],
  },
})

process.stdout.write(
  JSON.stringify({
    text,
    stop_reason: greeting.stop_reason,
    input_tokens: greeting.usage.input_tokens,
    calls,
    models: list.data.length,
    model: { id: echo.id, demo: echo.demo, created: echo.created },
    run: {
      stop_reason: run?.stop_reason,
      turn_count: run?.turn_count,
      roles: run?.messages.map(({ role }) => role),
    },
    error: {
      status: response?.status,
      type: failure?.error.type,
      param: failure?.error.param,
      code: failure?.error.code,
      request_id: failure?.request_id,
    },
  }),
)
