import { Agent } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../api/schemas.gen.ts'
import { eventsIn, resultOf } from '../runs/run.ts'
import { until } from '../until.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { type AnthropicAnswer, anthropicError } from '../upstreams/anthropic-answer.ts'
import { type Behaviour, hangUp, json, reply, silence } from '../upstreams/behaviour.ts'
import { objects } from '../upstreams/json.ts'
import { type RecordedRequest, startUpstream } from '../upstreams/upstream.ts'
import { exchange, faultsIn, none, startCallers } from './callers.ts'
import { closedAfterwards, linesOf, residentBytes, serve, setUpServers, tidy } from './server.ts'

/** Many runs at once, of models and tools that do as they like, while others are under load. */

setUpServers()

const toolFaults: Readonly<Record<string, Behaviour>> = {
  works: json({ content: 'found' }),
  hangs: silence,
  breaks: hangUp,
  fails: reply('<html>', { status: 500 }),
  babbles: reply('x'.repeat(1_000_000), { headers: { 'content-type': 'text/plain' } }),
  stalls: json({ content: 'found'.repeat(100) }, { stallAt: 50 }),
}
const tools = Object.keys(toolFaults)

const messages = (text: string) => [{ role: 'user' as const, content: text }]

/** Calls all tools in its first answer; what the second is stands in the question. */
function model(request: RecordedRequest): AnthropicAnswer | Behaviour {
  if (objects(Object(request.json).messages).length === 1) {
    return { content: tools.map((name) => ({ type: 'tool_use', name, input: {} })) }
  }
  if (request.body.includes('You are to be silent')) return silence
  if (request.body.includes('You are to fail')) return anthropicError('api_error', 'Oh no')
  const answer: AnthropicAnswer = { content: [{ type: 'text', text: ['Well', ' done.'] }] }
  return request.body.includes('You are to break off') ? { ...answer, dieAt: { event: 4 } } : answer
}

const endings: readonly (readonly [string, string])[] = [
  ['say it', 'end_turn'],
  ['You are to be silent', 'error'],
  ['You are to fail', 'error'],
  ['You are to break off', 'error'],
]

async function start(more: Readonly<Record<string, string>> = {}) {
  const upstream = closedAfterwards(await startAnthropic({ script: model }))
  const house = closedAfterwards(await startUpstream(({ path }) => toolFaults[path.slice(1)] ?? hangUp))
  const definitions = tools.map((name) => [name, { description: 'Looks.', url: `${house.url}/${name}` }])
  const server = await serve({
    VAI_ANTHROPIC_BASE_URL: upstream.url,
    ANTHROPIC_API_KEY: anthropicKey,
    VAI_TOOLS: JSON.stringify(Object.fromEntries(definitions)),
    // A machine that is busy with other tests is neither a model that is silent nor a gateway that has too much to do.
    VAI_UPSTREAM_FIRST_BYTE_MS: '2000',
    VAI_SHED_EVENT_LOOP_DELAY_MS: '0',
    VAI_RETRY_ATTEMPTS: '0',
    VAI_BREAKER_FAILURE_PERCENT: '0',
    ...more,
  })
  return { server, upstream, house }
}

/** A run from its beginning to its end, by either route. */
async function run(url: string, index: number, text: string, agent: Agent): Promise<RunResult> {
  const request = { model: 'anthropic/any', max_tokens: 100, messages: messages(text) }
  const isStream = index % 2 === 0
  const body = { request, builtins: tools, run: { tool_timeout_ms: 2000 } }
  const answer = await exchange(`${url}/v1/runs${isStream ? ':stream' : ''}`, agent, body)
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body.slice(0, 300)}`)
  return isStream ? resultOf(eventsIn(answer.body), request.messages) : JSON.parse(answer.body).result
}

describe('many runs at once', () => {
  it('come to their right ends, whatever their models and tools do, and harm nobody else', async () => {
    const { server, upstream, house } = await start(tidy)
    const agent = new Agent({ keepAlive: true })
    closedAfterwards({ close: () => agent.destroy() })
    const well = startCallers({ url: server.url })
    const runWith = async (index: number): Promise<void> => {
      const [text, stopReason] = endings[index % endings.length] ?? ['', '']
      const result = await run(server.url, Math.floor(index / endings.length), text, agent)
      expect(result).toMatchObject({ stop_reason: stopReason, tool_call_count: tools.length })
      const failed = result.steps[0]?.tool_results.map(({ is_error }) => is_error)
      expect(failed).toEqual(tools.map((name) => name !== 'works'))
    }
    /** Sixteen at once: none waits for its turn while its time runs. */
    const rounds = async (count: number): Promise<void> => {
      const indexes = Array.from({ length: count }, (_, index) => index).values()
      const inTurn = async (): Promise<void> => {
        for (const index of indexes) await runWith(index)
      }
      await Promise.all(Array.from({ length: 16 }, inTurn))
    }
    await rounds(16)
    const before = residentBytes(server.pid)
    await rounds(48)
    expect(residentBytes(server.pid) - before).toBeLessThan(128 * 1024 * 1024)
    const figures = await well.stop()
    expect({ ...faultsIn(figures), refused: figures.refused }).toEqual({ ...none, refused: {} })
    // None of what stalled stays open.
    await until(() => house.closedByClient.length >= 2 * 64)
    await until(() => upstream.closedByClient.length >= 64 / endings.length)
    expect(linesOf(server).filter(({ level }) => level === 'error')).toEqual([])
  })
})

describe('SIGTERM', () => {
  it('lets runs come to their end, and at last ends those that do not', async () => {
    const { server, house } = await start({ VAI_DRAIN_MS: '5000', VAI_UPSTREAM_FIRST_BYTE_MS: '30000' })
    const agent = new Agent()
    closedAfterwards({ close: () => agent.destroy() })
    const texts = ['say it', 'You are to be silent']
    const runs = Array.from({ length: 8 }, (_, index) => run(server.url, index >> 1, texts[index % 2] ?? '', agent))
    await house.waitForRequest(8 * tools.length)
    server.signal('SIGTERM')
    const results = await Promise.all(runs)
    expect(results.map((result) => [result.stop_reason, result.error?.code])).toEqual(
      runs.map((_, index) => (index % 2 === 0 ? ['end_turn', undefined] : ['error', 'shutting_down'])),
    )
    expect(await server.ended).toBe(0)
  })
})
