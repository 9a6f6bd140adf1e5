import { BrokenStreamError, OverloadedError, type RunEvent } from '@vai/sdk'
import { describe, expect, it } from 'vitest'
import { RunStream } from '../../../sdk/typescript/stream/run-stream.ts'
import { answer, block, complete, message, result, runStart, says, start, step } from './answers.ts'
import { all, failureOf, Source } from './source.ts'

/** The stream of a run: its steps, and what comes of it. */

const call: RunEvent[] = [
  { type: 'tool_call_start', index: 0, id: 'toolu_1', name: 'add', input: { a: 1 } },
  { type: 'tool_result', index: 0, tool_use_id: 'toolu_1', name: 'add', content: '2', is_error: false, duration_ms: 1 },
]
const end = result(message('Two.'), { tool_call_count: 1, turn_count: 2 })
const events: readonly RunEvent[] = [
  runStart,
  { type: 'ping' },
  ...step(0, answer('Let me ', 'see. ')),
  ...call,
  {
    type: 'step_complete',
    index: 0,
    stop_reason: 'tool_use',
    usage: { input_tokens: 1, output_tokens: 1 },
    tool_call_count: 1,
    duration_ms: 5,
  },
  { type: 'history_delta', expected_len: 1, append: [] },
  ...step(1, answer('Two', '.')),
  complete(end),
]

function streamOf(...of: readonly RunEvent[]): RunStream {
  return new RunStream(new Source().events(...of).end().open)
}

describe('a run', () => {
  it('gives every event, then its result and its last message', async () => {
    const stream = streamOf(...events)
    expect(await all(stream)).toEqual(events)
    expect(await stream.finalResult()).toEqual({ ...end, request_id: 'req_test' })
    expect(await stream.finalMessage()).toEqual({ ...message('Two.'), request_id: 'req_test' })
    expect(await stream.finalText()).toBe('Two.')
  })

  it('says the text of all its steps', async () => {
    expect(await all(streamOf(...events).text())).toEqual(['Let me ', 'see. ', 'Two', '.'])
  })

  it('reads itself where nobody does', async () => {
    const stream = streamOf(...events)
    const [{ turn_count }, { content }, text] = await Promise.all([
      stream.finalResult(),
      stream.finalMessage(),
      stream.finalText(),
    ])
    expect({ turn_count, content, text }).toEqual({ turn_count: 2, content: [{ type: 'text', text: 'Two.' }], text: 'Two.' })
    expect(stream.finalResult()).toBe(stream.finalResult())
  })

  it('shows what has come of the step that it is at', async () => {
    const stream = streamOf(...events)
    const text = stream.text()
    const shown: unknown[] = []
    for await (const _ of text) shown.push(stream.partialMessage()?.content)
    expect(shown).toEqual(['Let me ', 'Let me see. ', 'Two', 'Two.'].map((said) => [{ type: 'text', text: said }]))
  })

  it('is known by its first event where the head does not name it', async () => {
    const source = new Source().events(...events).end()
    source.request_id = undefined
    expect(await new RunStream(source.open).finalResult()).toMatchObject({ request_id: 'req_run' })
  })

  it('passes on what is not known', async () => {
    const strange: RunEvent = JSON.parse('{"type":"budget","left":3}')
    const within: RunEvent = JSON.parse('{"type":"stream_event","index":0,"event":{"type":"weather"}}')
    const strangers = [runStart, strange, ...step(0, answer('Hi')), within, complete(end), strange, { type: 'ping' } as const]
    expect(await all(streamOf(...strangers))).toEqual(strangers)
  })

  it('goes on from an answer that broke off', async () => {
    const stopped = result(message('Hel'), { stop_reason: 'timeout' })
    const stream = streamOf(runStart, ...step(0, [start(), block(0), says('Hel')]), complete(stopped))
    expect(await all(stream.text())).toEqual(['Hel'])
    expect(await stream.finalResult()).toMatchObject({ stop_reason: 'timeout' })
  })

  it('has sound where its answers are spoken', async () => {
    const chunk = {
      type: 'audio_chunk',
      format: 'pcm',
      audio: 'AQI=',
      sample_rate_hz: 24000,
      text: 'Hi',
      seq: 0,
      is_final: true,
    } as const
    const sounds = await all(streamOf(runStart, ...step(0, [...answer('Hi'), chunk]), complete(end)).audio())
    expect(sounds).toMatchObject([{ type: 'audio_chunk', bytes: new Uint8Array([1, 2]) }])
  })
})

describe('a run without an answer', () => {
  it('has a result, and no message', async () => {
    const stream = streamOf(runStart, complete(result(null, { stop_reason: 'timeout' })))
    expect(await stream.finalResult()).toMatchObject({ response: null, request_id: 'req_test' })
    const failure = await failureOf(stream.finalMessage())
    expect(failure).toBeInstanceOf(BrokenStreamError)
    expect(failure).toMatchObject({ message: 'The run ended without an answer (timeout).', request_id: 'req_test' })
    expect(await failureOf(stream.finalText())).toBeInstanceOf(BrokenStreamError)
  })

  it('tells the error that ended it', async () => {
    const error = { type: 'overloaded_error', message: 'Busy', request_id: 'req_test' } as const
    const stream = streamOf(runStart, complete(result(null, { stop_reason: 'error', error })))
    expect(await failureOf(stream.finalMessage())).toBeInstanceOf(OverloadedError)
  })

  it('throws the error of an error event', async () => {
    const error: RunEvent = {
      type: 'error',
      request_id: 'req_1',
      error: { type: 'overloaded_error', message: 'Busy', request_id: 'req_1' },
    }
    const failure = await failureOf(streamOf(runStart, error).finalResult())
    expect(failure).toBeInstanceOf(OverloadedError)
    expect(failure).toMatchObject({ request_id: 'req_1' })
  })
})

describe('events that cannot follow each other', () => {
  const raw = (json: string): RunEvent => JSON.parse(json)

  it.each<[string, RunEvent[], string]>([
    ['an end before the end', [...events.slice(0, -1)], 'ended before run_complete'],
    ['a second beginning', [runStart, runStart], 'a run_start came a second time'],
    ['a beginning without its name', [raw('{"type":"run_start"}')], 'a run_start event lacks'],
    ['the same run twice', [...events, ...events], 'a run_start came after run_complete'],
    ['a step after the end', [...events, ...step(2, [])], 'a step_start came after run_complete'],
    ['a step that begins again', [...step(0, answer('a')), ...step(0, answer('a'))], 'step 0 began after step 0'],
    ['a step that is no number', [raw('{"type":"step_start"}')], 'step undefined began'],
    ['an answer twice', step(0, [...answer('a'), ...answer('a')]), 'a message_start came after message_stop'],
    ['an answer of no step', step(0, answer('a')).slice(1), 'an event of step 0 came'],
    ['an answer of a step before', [...step(0, []), ...step(1, []), ...step(0, answer('a')).slice(1)], 'an event of step 0 came'],
    ['a stream_event of nothing', [...step(0, []), raw('{"type":"stream_event","index":0}')], 'a stream_event event lacks'],
    ['an end without a result', [runStart, raw('{"type":"run_complete"}')], 'a run_complete event lacks'],
    ['a result of no messages', [runStart, raw('{"type":"run_complete","result":{"steps":[]}}')], 'a run_complete event lacks'],
  ])('%s', async (_, of, what) => {
    const failure = await failureOf(all(streamOf(...of)))
    expect(failure).toBeInstanceOf(BrokenStreamError)
    expect(failure).toMatchObject({ message: expect.stringContaining(what), request_id: 'req_test' })
  })

  it('leave what has come of the step', async () => {
    const stream = streamOf(...events.slice(0, 6))
    expect(await failureOf(stream.finalResult())).toBeInstanceOf(BrokenStreamError)
    expect(stream.partialMessage()?.content).toEqual([{ type: 'text', text: 'Let me ' }])
  })
})
