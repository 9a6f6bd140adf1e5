import {
  Configuration,
  type ErrorResponse,
  ErrorResponseFromJSON,
  MessagesApi,
  ModelsApi,
  ResponseError,
  RunsApi,
} from './client/index.js'

const configuration = new Configuration({ basePath: process.argv[2] ?? 'http://127.0.0.1:8080' })
const messages = new MessagesApi(configuration)
const models = new ModelsApi(configuration)
const runs = new RunsApi(configuration)

const greeting = await messages.createMessage({
  messageRequest: { model: 'demo/echo', max_tokens: 100, messages: [{ role: 'user', content: 'Hello, gateway!' }] },
})
const text = greeting.content.map((block) => (block.type === 'text' ? block.text : '')).join('')

const answer = await messages.createMessage({
  messageRequest: {
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
})
const calls = answer.content.flatMap((block) => (block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : []))

const list = await models.listModels({})
const echo = await models.getModel({ modelId: 'demo/echo' })

const { result } = await runs.createRun({
  runRequest: { request: { model: 'demo/echo', messages: [{ role: 'user', content: 'Run.' }] }, run: { max_turns: 2 } },
})

let failure: { status: number; body: ErrorResponse } | undefined
try {
  await messages.createMessage({
    messageRequest: {
      model: 'demo/echo',
      messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_none', content: 'Sunny.' }] }],
    },
  })
} catch (error) {
  if (!(error instanceof ResponseError)) throw error
  failure = { status: error.response.status, body: ErrorResponseFromJSON(await error.response.json()) }
}

process.stdout.write(
  JSON.stringify({
    text,
    stop_reason: greeting.stop_reason,
    input_tokens: greeting.usage.input_tokens,
    calls,
    models: list.data.length,
    model: { id: echo.id, demo: echo.demo, created: echo.created },
    run: { stop_reason: result.stop_reason, turn_count: result.turn_count, roles: result.messages.map(({ role }) => role) },
    error: {
      status: failure?.status,
      type: failure?.body.error.type,
      param: failure?.body.error.param,
      code: failure?.body.error.code,
      request_id: failure?.body.request_id,
    },
  }),
)
