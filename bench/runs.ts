import type { FastifyInstance } from 'fastify'
import { request } from 'undici'
import type { StreamItem } from '../api/events.ts'
import type { MessageParam, MessageRequest } from '../api/schemas.gen.ts'
import { buildApp, loadConfig } from '../app.ts'
import { matrixOf } from '../providers/capabilities.ts'
import type { LlmProvider } from '../providers/provider.ts'
import { defineTool } from '../tools/define.ts'

/**
 * What the loop of a run costs for each turn: `npm run bench:runs`.
 *
 * A run of some turns, each of which calls a tool, is measured beside the same conversation led by a client: a stream of
 * `POST /v1/messages` for each turn, with everything that was said before. Both go through the whole server and a socket of this process;
 * the model and the tool answer at once from memory. So the difference is what the loop does besides, telling, calling, adding up and
 * the result, less what it spares: the requests.
 */

const turns = 8
const deltas = 50
const rounds = 9
const repeats = 40

async function main(): Promise<void> {
  const app = await gateway()
  const ways: Readonly<Record<string, () => Promise<void>>> = {
    'the client leads': () => ledByClient(app),
    'POST /v1/runs:stream': () => run(app, '/v1/runs:stream'),
    'POST /v1/runs': () => run(app, '/v1/runs'),
  }
  const measured: Record<string, number[]> = {}
  for (let round = 0; round <= rounds; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const cost = await timed(way)
      // The first round only warms up.
      if (round > 0) measured[name] = [...(measured[name] ?? []), cost]
    }
  }
  await app.close()
  const [floor = 1] = Object.values(measured).map(best)
  console.log(`CPU time a turn, ${turns} turns of ${deltas} deltas and a tool call, best of ${rounds} rounds\n`)
  console.log('way                       µs/turn   × the client leads')
  for (const [name, costs] of Object.entries(measured)) {
    console.log(`${name.padEnd(24)} ${best(costs).toFixed(0).padStart(8)} ${(best(costs) / floor).toFixed(2).padStart(20)}`)
  }
}

/** Microseconds of CPU a turn. */
async function timed(way: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  for (let at = 0; at < repeats; at++) await way()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (repeats * turns)
}

function best(values: readonly number[]): number {
  return Math.min(...values)
}

// ── The two ways ────────────────────────────────────────────────────────────────────────────────────────────────────────

const question: MessageParam = { role: 'user', content: 'Look it up.' }
const model = 'scripted/tools'

async function run(app: FastifyInstance, url: string): Promise<void> {
  const payload = { request: { model, messages: [question] }, builtins: ['look_up'], run: { max_turns: turns } }
  await post(app, url, payload, `"turn_count":${turns}`)
}

async function ledByClient(app: FastifyInstance): Promise<void> {
  const messages = [question]
  const tools = [{ name: 'look_up', description: 'Looks something up.', input_schema: lookUp.inputSchema }]
  for (let turn = 0; turn < turns; turn++) {
    const payload = { model, messages, tools, stream: true }
    await post(app, '/v1/messages', payload, 'event: message_stop')
    messages.push(...answerAndResult(turn))
  }
}

async function post(app: FastifyInstance, path: string, payload: object, expected: string): Promise<void> {
  const { statusCode, body } = await request(`${addressOf(app)}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(payload),
  })
  const text = await body.text()
  if (statusCode !== 200 || !text.includes(expected)) throw new Error(`${path}: ${statusCode} ${text.slice(0, 500)}`)
}

function addressOf(app: FastifyInstance): string {
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen')
  return `http://127.0.0.1:${address.port}`
}

/** What a client makes of a turn, known beforehand, so that its own work is not measured. */
function answerAndResult(turn: number): MessageParam[] {
  const id = `toolu_${turn}`
  return [
    {
      role: 'assistant',
      content: [
        { type: 'text', text: words.join('') },
        { type: 'tool_use', id, name: 'look_up', input: { term: 'x' } },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: found }] },
  ]
}

// ── What answers ────────────────────────────────────────────────────────────────────────────────────────────────────────

const words = Array.from({ length: deltas }, (_, at) => `word${at} `)
const found = 'It says so here. '.repeat(60)

const lookUp = defineTool({
  name: 'look_up',
  description: 'Looks something up.',
  input: { type: 'object', properties: { term: { type: 'string' } }, required: ['term'], additionalProperties: false },
  config: { type: 'object', properties: {}, additionalProperties: false },
  run: async () => ({ content: found }),
})

const scripted: LlmProvider = {
  id: 'scripted',
  name: 'Scripted',
  upstream: undefined,
  matrix: matrixOf(() => ({ treatment: 'carry' })),
  stopReasons: {},
  capabilities: () => ({ features: {}, defaultMaxTokens: 4096 }),
  stream,
}

async function* stream({ messages }: MessageRequest): AsyncGenerator<StreamItem> {
  const turn = messages.filter(({ role }) => role === 'assistant').length
  const usage = { input_tokens: 10, output_tokens: 0 }
  yield {
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    },
  }
  yield { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
  for (const text of words) yield { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }
  yield { type: 'content_block_stop', index: 0 }
  const call = { type: 'tool_use' as const, id: `toolu_${turn}`, name: 'look_up', input: {} }
  yield { type: 'content_block_start', index: 1, content_block: call }
  yield { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"term":"x"}' } }
  yield { type: 'content_block_stop', index: 1 }
  yield { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: deltas } }
  yield { type: 'message_stop' }
}

async function gateway(): Promise<FastifyInstance> {
  const config = await loadConfig({ VAI_PORT: '0', VAI_LOG_LEVEL: 'silent' })
  const app = await buildApp(config, {
    operatorKeys: new Map(),
    providers: [scripted],
    tools: [lookUp],
    version: '0.0.0-bench',
    contract: new URL('../openapi.yaml', import.meta.url),
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  return app
}

await main()
