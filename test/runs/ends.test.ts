import { request as httpRequest, type IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../../api/schemas.gen.ts'
import { readerOf } from '../gate.ts'
import { measured } from '../measured.ts'
import { messageStart, textDelta } from '../message-frames.ts'
import { until } from '../until.ts'
import { startAnthropic } from '../upstreams/anthropic.ts'
import { endless, silence } from '../upstreams/behaviour.ts'
import { eventsIn, resultIn, resultOf } from './run.ts'
import { calls, claude, closing, messages, type Stage, says, setUpStages, stageFor, use, withClaude } from './stage.ts'
import { isDeaf, time, waits } from './tools.ts'

/** How a run ends that does not end by itself: its caller leaves, the gateway stops, its time is over. */

setUpStages()

const routes = ['/v1/runs', '/v1/runs:stream'] as const
const body = (builtins: readonly string[], run: object = {}) => ({
  request: { model: claude, max_tokens: 1000, messages },
  builtins,
  run,
})
/** One place for everybody, so that one that is not given back is missed. */
const onePlace = { VAI_LIMIT_CONCURRENT_REQUESTS: '1', VAI_LIMIT_CONCURRENT_STREAMS: '1', VAI_RETRY_ATTEMPTS: '0' }

/** Someone who asks and leaves when they are told to. */
function impatient(gateway: Pick<Stage, 'url'>, path: string, asked: object): { leave(): Promise<void> } {
  const leaving = new AbortController()
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(asked) }
  const answer = fetch(`${gateway.url}${path}`, { ...init, signal: leaving.signal }).then((response) => response.text())
  const over = answer.then(
    () => undefined,
    () => undefined,
  )
  return {
    async leave() {
      leaving.abort()
      await over
    },
  }
}

/** What is left of a run once its caller has gone: a line that says so, and a place for the next. */
async function isForgotten(stage: Stage, facts: object): Promise<void> {
  const line = await stage.logged('"route":"/v1/runs')
  expect(JSON.parse(line)).toMatchObject({ ended: 'cancelled', ...facts })
  const hello = { model: 'demo/echo', messages }
  for (const stream of [false, true]) {
    await until(async () => {
      const response = await stage.post({ ...hello, stream })
      await response.text()
      return response.status === 200
    })
  }
}

describe.each(routes)('a caller of %s who leaves', (path) => {
  it.each([
    ['before the first token', silence, 1],
    ['in the first answer', { content: [{ type: 'text' as const, text: ['So ', 'far'] }], stallAt: { event: 4 } }, 1],
  ])('%s takes the call to the model along', async (_, behaviour, turns) => {
    const stage = await withClaude(behaviour, { env: onePlace })
    const caller = impatient(stage, path, body([]))
    await stage.upstream.waitForRequest()
    await caller.leave()
    await stage.upstream.waitForClose()
    await stage.upstream.waitForConnections(0)
    await isForgotten(stage, { turns, tool_calls: 0 })
  })

  it.each([
    ['before the second answer', silence],
    ['in the second answer', { content: [{ type: 'text' as const, text: ['So ', 'far'] }], stallAt: { event: 4 } }],
  ])('%s takes that call along', async (_, behaviour) => {
    const stage = await withClaude([calls(use('get_time')), behaviour], { env: onePlace })
    const caller = impatient(stage, path, body(['get_time']))
    await stage.upstream.waitForRequest(2)
    await caller.leave()
    await stage.upstream.waitForClose()
    await isForgotten(stage, { turns: 2, tool_calls: 1 })
    expect(stage.upstream.requests).toHaveLength(2)
  })

  it('while tools run takes them along, and asks the model no more', async () => {
    let given = 0
    const slow = waits('slow', ({ signal }) => signal.addEventListener('abort', () => given++))
    const tools = [slow, isDeaf('deaf'), time]
    const stage = await withClaude(calls(use('slow'), use('deaf'), use('slow'), use('get_time')), { tools, env: onePlace })
    const caller = impatient(stage, path, body(['slow', 'deaf', 'get_time']))
    await stage.upstream.waitForRequest()
    // The last of them has ended when all have begun.
    await until(async () => (await measured(stage)).value('vai_tool_calls_total', { tool: 'get_time' }) === 1)
    await caller.leave()
    await until(() => given === 2)
    await isForgotten(stage, { turns: 1, tool_calls: 4 })
    expect(stage.upstream.requests).toHaveLength(1)
  })

  it('while the model is to be asked again takes that along', async () => {
    const stage = await withClaude([calls(use('get_time')), silence], {
      env: { ...onePlace, VAI_RETRY_ATTEMPTS: '5', VAI_UPSTREAM_FIRST_BYTE_MS: '50', VAI_BREAKER_FAILURE_PERCENT: '0' },
    })
    const caller = impatient(stage, path, body(['get_time']))
    await stage.logged('trying again')
    await caller.leave()
    await isForgotten(stage, { turns: 2, tool_calls: 1 })
  })
})

describe('a gateway that stops', () => {
  const begun = [calls(use('get_time')), calls(use('slow')), says('Done.')]

  it.each(routes)('lets what runs at %s come to its end', async (path) => {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const stage = await withClaude(begun, {
      tools: [time, { ...waits('slow'), run: () => released.then(() => ({ content: 'Now.' })) }],
    })
    const answer = stage.post(body(['get_time', 'slow']), {}, path)
    await stage.upstream.waitForRequest(2)
    const drained = stage.app.drain.start()
    release()
    const response = await answer
    const result = path === '/v1/runs' ? await resultIn(response) : resultOf(eventsIn(await response.text()), messages)
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 3 })
    await drained
  })

  it.each(routes)('at last ends what still runs at %s, with what was done', async (path) => {
    let given = 0
    const slow = waits('slow', ({ signal }) => signal.addEventListener('abort', () => given++))
    const stage = await withClaude(begun, { tools: [time, slow], env: { VAI_DRAIN_MS: '100' } })
    const answer = stage.post(body(['get_time', 'slow']), {}, path)
    await stage.upstream.waitForRequest(2)
    await stage.app.drain.start()
    const response = await answer
    const result = path === '/v1/runs' ? await resultIn(response) : resultOf(eventsIn(await response.text()), messages)
    expect(result).toMatchObject({ stop_reason: 'error', turn_count: 2, tool_call_count: 2, error: { code: 'shutting_down' } })
    expect(result.messages).toHaveLength(5)
    expect(result.steps[1]?.tool_results).toMatchObject([{ is_error: true }])
    expect(given).toBe(1)
  })

  it.each(routes)('ends a first answer at %s that does not come, with its status', async (path) => {
    const stage = await withClaude(silence, { env: { VAI_DRAIN_MS: '100' } })
    const answer = stage.post(body([]), {}, path)
    await stage.upstream.waitForRequest()
    await stage.app.drain.start()
    expect((await answer).status).toBe(503)
    await stage.upstream.waitForClose()
  })
})

describe('the longest time that an answer may take', () => {
  it.each(routes)('ends a run at %s with what was done', async (path) => {
    const stage = await withClaude([calls(use('get_time')), silence], { env: { VAI_LIMIT_STREAM_MS: '400' } })
    const response = await stage.post({ ...body(['get_time']), run: undefined }, {}, path)
    const result = path === '/v1/runs' ? await resultIn(response) : resultOf(eventsIn(await response.text()), messages)
    expect(result).toMatchObject({ stop_reason: 'timeout', turn_count: 2, tool_call_count: 1 })
    const line = JSON.parse(await stage.logged('"route":"/v1/runs'))
    expect(line).toMatchObject({ ended: 'timeout', turns: 2, status: 200 })
  })
})

describe('a caller who reads nothing', () => {
  it('stops the model from being read, and takes it along when they leave', async () => {
    const headers = { 'content-type': 'text/event-stream' }
    const upstream = closing(
      await startAnthropic({ script: endless(textDelta('x'.repeat(1000)), { head: messageStart, headers }) }),
    )
    const stage = await stageFor(claude, upstream, { env: { VAI_ANTHROPIC_BASE_URL: upstream.url } })
    const response = await unread(stage, body([]))
    const taken = await upstream.waitForBackpressure()
    expect(taken).toBeLessThan(64 * 1024 * 1024)
    response.destroy()
    await upstream.waitForClose()
    expect(JSON.parse(await stage.logged('"route":"/v1/runs'))).toMatchObject({ ended: 'cancelled' })
  })

  it('gets everything once they read', async () => {
    const long = Array.from({ length: 3000 }, (_, n) => `${n} `.padEnd(500, '.'))
    const stage = await withClaude([calls(use('get_time')), { content: [{ type: 'text', text: long }] }])
    const response = await unread(stage, body(['get_time']))
    await stage.upstream.waitForRequest(2)
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    const result = resultOf(eventsIn(text), messages)
    expect(result.messages.at(-1)).toEqual({ role: 'assistant', content: [{ type: 'text', text: long.join('') }] })
  })
})

describe('a stream', () => {
  it('tells of a tool while it runs, and of the words while they come', async () => {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = { ...waits('slow'), run: () => released.then(() => ({ content: 'Now.' })) }
    const stage = await withClaude([calls(use('slow'), use('get_time')), says('Done.')], { tools: [slow, time] })
    const response = await stage.post(body(['slow', 'get_time']), {}, '/v1/runs:stream')
    expect(response.headers.get('x-model')).toBe(claude)
    const reader = readerOf(response)
    await reader.until('event: tool_result')
    release()
    const events: RunEvent[] = eventsIn(await reader.rest())
    const results = events.flatMap((event) => (event.type === 'tool_result' ? [event.name] : []))
    expect(results).toEqual(['get_time', 'slow'])
    expect(resultOf(events, messages).stop_reason).toBe('end_turn')
  })

  it('that is quiet shows that it lives', async () => {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = { ...waits('slow'), run: () => released.then(() => ({ content: 'Now.' })) }
    const stage = await withClaude([calls(use('slow')), says('Done.')], { tools: [slow], env: { VAI_PING_INTERVAL_MS: '30' } })
    const reader = readerOf(await stage.post(body(['slow']), {}, '/v1/runs:stream'))
    await reader.until('event: tool_call_start')
    await reader.until('event: ping\ndata: {"type":"ping"}\n\nevent: ping')
    release()
    expect(resultOf(eventsIn(await reader.rest()), messages).stop_reason).toBe('end_turn')
  })
})

/** The head of an answer of which nothing is read. */
function unread(stage: Stage, asked: object): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { 'content-type': 'application/json' } }
    httpRequest(`${stage.url}/v1/runs:stream`, options, resolve).once('error', reject).end(JSON.stringify(asked))
  })
}
