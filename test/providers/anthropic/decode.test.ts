import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accumulate } from '../../../api/accumulate.ts'
import { eventsOf } from '../../../api/events.ts'
import { sseFrame } from '../../../api/sse.ts'
import { anthropic } from '../../../providers/anthropic/index.ts'
import { problemsWith } from '../../contract-schemas.ts'
import { json, sse } from '../../upstreams/behaviour.ts'
import {
  anyMessage,
  callTo,
  callWith,
  cutAt,
  cuts,
  decode,
  decodeBoth,
  decodeEvents,
  end,
  framesOf,
  type GeneratedMessage,
  grammarProblem,
  plain,
  request,
  spellings,
  start,
  textBlock,
} from './streams.ts'

/** What is to come out: the caller's own name for the model, and beside it the one that answered where that is another. */
function expectedEvents({ events }: GeneratedMessage): unknown[] {
  return events.map((event) => {
    if (!('message' in event)) return event
    const message: object & { model?: unknown } = Object(event.message)
    const metadata = message.model === 'claude-test' ? {} : { metadata: { provider: { model: message.model } } }
    return { ...event, message: { ...message, model: request.model, ...metadata } }
  })
}

describe('a well-formed stream', () => {
  it('gives the same events wherever it is cut and however it is spelled', async () => {
    await fc.assert(
      fc.asyncProperty(anyMessage, fc.constantFrom('\n', '\r\n'), spellings, cuts, async (message, lineEnd, styles, places) => {
        const body = Buffer.concat(framesOf(message.events, lineEnd, styles))
        const { events, error } = await decode(cutAt(body, places))
        expect(error).toBeUndefined()
        expect(events).toEqual(expectedEvents(message))
        expect(grammarProblem(events, true)).toBeUndefined()
      }),
      { numRuns: 400 },
    )
  })

  it('forwards plain deltas byte for byte as they came', async () => {
    await fc.assert(
      fc.asyncProperty(anyMessage, spellings, cuts, async (message, styles, places) => {
        const frames = framesOf(message.events, '\n', styles)
        const { items } = await decode(cutAt(Buffer.concat(frames), places))
        let at = 0
        for (const item of items) {
          const count = eventsOf(item).length
          if (item.type === 'wire') {
            expect(Buffer.from(item.bytes).toString()).toBe(Buffer.concat(frames.slice(at, at + count)).toString())
          } else if (item.type === 'content_block_delta') {
            // Whatever makes up most of a stream is not read, unless its end could be that of a frame that was cut.
            if (!frames[at]?.toString().includes('\\\\"}')) {
              expect(item.delta.type).not.toMatch(/^(?:text|thinking|input_json)_delta$/)
            }
          }
          at += count
        }
        expect(at).toBe(frames.length)
      }),
      { numRuns: 200 },
    )
  })

  it('forwards neighbours that came in one read in one piece', async () => {
    const { items } = await decode([Buffer.concat(framesOf([start, ...textBlock(0, 'a', 'b', 'c'), ...end], '\n', plain))])
    expect(items.map(({ type }) => type)).toEqual(['message_start', 'wire', 'message_delta', 'message_stop'])
  })

  it('tells the same message as the answer in one piece', async () => {
    await fc.assert(
      fc.asyncProperty(anyMessage, async (message) => {
        const streamed = await accumulate(
          (async function* () {
            yield* (await decode([Buffer.concat(framesOf(message.events, '\n', plain))])).items
          })(),
        )
        const { metadata: _, ...rest } = streamed
        expect(rest).toEqual({ ...message.whole, model: request.model })
      }),
      { numRuns: 200 },
    )
  })

  it('tells the same message over a socket, whether in one piece or as a stream', async () => {
    const messages = fc.sample(anyMessage, { numRuns: 20, seed: 7 })
    for (const [seed, { whole, events }] of messages.entries()) {
      const body = Buffer.concat(framesOf(events, '\n', plain))
      const call = await callTo([json(whole), sse(body, { chunks: { seed: seed + 1 } })])
      const { message } = (await anthropic.complete?.(request, call)) ?? {}
      expect(await accumulate(anthropic.stream(request, call))).toEqual(message)
    }
  })

  it('may have comments, several data lines and fields nobody knows', async () => {
    const body = [
      ': a comment\n',
      ...framesOf([start], '\n', plain),
      'id: 1\nretry: 100\nevent: content_block_start\ndata: {"type":"content_block_start","index":0,\ndata: "content_block":{"type":"text","text":""}}\n\n',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}\ndata: }\n\n',
      ': another\n\n\n',
      ...framesOf(textBlock(0).slice(1), '\n', plain),
      ...framesOf(end, '\n', plain),
    ].join('')
    for (const { error, events } of await decodeBoth(body)) {
      expect(error).toBeUndefined()
      expect(events.slice(1)).toEqual([...textBlock(0, 'a'), ...end])
    }
  })

  it('may change from one line end to the other in the middle', async () => {
    const frames = [
      ...framesOf([start, ...textBlock(0, 'a').slice(0, 2)], '\n', plain),
      ...framesOf([...textBlock(0).slice(1), ...end], '\r\n', plain),
    ]
    for (const { error, events } of await decodeBoth(Buffer.concat(frames))) {
      expect(error).toBeUndefined()
      expect(events.slice(1)).toEqual([...textBlock(0, 'a'), ...end])
    }
  })

  it('is left at message_stop: nothing behind it is looked at', async () => {
    const frames = framesOf(
      [start, ...textBlock(0, 'a'), ...end, start, { type: 'error', error: { type: 'api_error' } }],
      '\n',
      plain,
    )
    for (const { error, events } of await decodeBoth(Buffer.concat(frames))) {
      expect(error).toBeUndefined()
      expect(events.at(-1)).toEqual({ type: 'message_stop' })
      expect(events.filter(({ type }) => type === 'message_start')).toHaveLength(1)
    }
  })

  it('has only events that fit the contract', async () => {
    const [{ events } = { events: [] }] = await decodeEvents(start, { type: 'ping' }, ...textBlock(0, 'a'), ...end)
    for (const event of events) expect(problemsWith('StreamEvent', event)).toEqual([])
  })
})

describe('the name of the model', () => {
  it('is the one that was asked for, and the one that answered stands beside it', async () => {
    const bytes = Buffer.concat(framesOf([start, ...end], '\n', plain))
    const { events } = await decode([bytes], callWith({ model: 'claude-alias' }))
    expect(events[0]).toMatchObject({ message: { model: request.model, metadata: { provider: { model: 'claude-test' } } } })
    const same = await decode([bytes])
    expect(same.events[0]).not.toHaveProperty('message.metadata')
  })
})

describe('forwarded frames', () => {
  it('are those that the gateway would write', async () => {
    const events = [start, ...textBlock(0, 'a\n"b', '🙂'), ...end]
    const { items } = await decode([Buffer.concat(framesOf(events, '\n', plain))])
    const wire = items.flatMap((item) => (item.type === 'wire' ? [item] : []))
    const forwarded = Buffer.concat(wire.map(({ bytes }) => bytes)).toString()
    expect(forwarded).toBe(wire.flatMap((item) => eventsOf(item).map(sseFrame)).join(''))
  })
})
