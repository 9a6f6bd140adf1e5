import { AbortedError, type MessageParam, type RunEvent, type StreamEvent, VAI } from '@vai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sseFrame } from '../../../api/sse.ts'
import { type Answer, answerTo } from '../../../cli/chat/answer.ts'
import { sayable } from '../../../cli/chat/progress.ts'
import { start as begins, block, says, step } from '../../sdk/stream/answers.ts'
import { sse } from '../../upstreams/behaviour.ts'
import { startUpstream, type Upstream } from '../../upstreams/upstream.ts'

/** What a gateway says, which then says nothing more. */
let events: readonly (StreamEvent | RunEvent)[] = []
let gateway: Upstream
let client: VAI

beforeAll(async () => {
  gateway = await startUpstream(() =>
    sse([...events, { type: 'ping' }].map(sseFrame).join(''), { stallAt: { event: events.length } }),
  )
  client = new VAI({ baseURL: gateway.url })
})
afterAll(() => gateway.close())

const question: MessageParam = { role: 'user', content: 'Well?' }
const assistant = (content: string): MessageParam => ({ role: 'assistant', content })

const begun = { input_tokens: 7, cache_read_input_tokens: 5, output_tokens: 0 }
const start = begins({ usage: begun })
const text = block(0)
const call = block(1, { type: 'tool_use', id: 'a', name: 'read', input: {} })

/** The answer of a gateway that says all this, and is stopped then. */
async function stoppedAfter(said: readonly (StreamEvent | RunEvent)[], tools: readonly string[] = []): Promise<Answer> {
  events = said
  const stopped = new AbortController()
  let came = 0
  const asking = { model: 'a/b', system: undefined, tools, maxTokens: undefined }
  const answer = await answerTo({ before: [], question }, asking, client, stopped.signal, () => {
    came++
    if (came === said.length) stopped.abort()
  })
  expect(answer.error).toBeInstanceOf(AbortedError)
  return answer
}

describe('an answer that is stopped', () => {
  it('is what was said so far', async () => {
    const { since, usage } = await stoppedAfter([start, text, says('So '), says('far')])
    expect(since).toEqual([assistant('So far')])
    expect(usage).toEqual([begun])
  })

  it('is nothing before anything was said', async () => {
    expect((await stoppedAfter([start, text, says(' \n')])).since).toEqual([])
    const thought = block(0, { type: 'thinking', thinking: 'Hm.', signature: '' })
    expect((await stoppedAfter([start, thought])).since).toEqual([])
  })

  it('has used what is known, which no later null takes away', async () => {
    const delta: StreamEvent = {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 3, cache_read_input_tokens: null },
    }
    expect((await stoppedAfter([start, delta])).usage).toEqual([{ ...begun, output_tokens: 3 }])
  })
})

describe('a run that is stopped', () => {
  const append: MessageParam[] = [
    { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'read', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'x' }] },
  ]
  const used = { input_tokens: 7, output_tokens: 3 }
  const first: RunEvent = { type: 'run_start', request_id: 'req_1', model: 'a/b' }
  const looked = [first, ...step(0, [start, text, says('Let me look.')])]
  const complete: RunEvent = {
    type: 'step_complete',
    index: 0,
    stop_reason: 'tool_use',
    usage: used,
    tool_call_count: 1,
    duration_ms: 1,
  }
  const told: RunEvent = { type: 'history_delta', expected_len: 1, append }

  it('leaves out a call that nobody has answered', async () => {
    const { since, usage } = await stoppedAfter([...looked, ...step(0, [call]).slice(1)], ['read'])
    expect(since).toEqual([assistant('Let me look.')])
    expect(usage).toEqual([begun])
  })

  it('counts an answer once while its calls are run', async () => {
    const { since, usage } = await stoppedAfter([...looked, complete], ['read'])
    expect(since).toEqual([assistant('Let me look.')])
    expect(usage).toEqual([used])
  })

  it('keeps the steps that are whole, each once', async () => {
    const { since, usage } = await stoppedAfter([...looked, complete, told], ['read'])
    expect(since).toEqual(append)
    expect(usage).toEqual([used])
  })

  it('begins anew with the next step', async () => {
    const next = step(1, [start, text, says('It says')])
    const { since, usage } = await stoppedAfter([...looked, complete, told, ...next], ['read'])
    expect(since).toEqual([...append, assistant('It says')])
    expect(usage).toEqual([used, begun])
  })

  it('puts nothing behind a gap', async () => {
    const { since } = await stoppedAfter([first, { type: 'history_delta', expected_len: 3, append }], ['read'])
    expect(since).toEqual([])
  })
})

it('is sent again without empty text', () => {
  const text = { type: 'text', text: 'a' } as const
  expect(sayable({ role: 'assistant', content: [{ type: 'text', text: '' }, text] })).toEqual({
    role: 'assistant',
    content: [text],
  })
  expect(sayable({ role: 'assistant', content: [{ type: 'text', text: '' }] })).toBeUndefined()
})
