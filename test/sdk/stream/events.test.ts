import { BrokenStreamError, type StreamEvent } from '@vai/sdk'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sseFrame } from '../../../api/sse.ts'
import { MessageStream } from '../../../sdk/typescript/stream/message-stream.ts'
import { cut } from '../../upstreams/chunks.ts'
import { answer, block, closing, delta, message, says, start, stop } from './answers.ts'
import { all, failureOf, Source } from './source.ts'

/** From bytes to events: how they are cut and framed, and what does not belong there. */

function streamOf(...pieces: readonly (string | Uint8Array)[]): MessageStream {
  return new MessageStream(new Source().push(...pieces).end().open)
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

const said = answer('Grüße, ', '世界 🌍', '\n\ndata: no event')
const frames = said.map(sseFrame).join('')

describe('the framing', () => {
  it('may be cut at any byte', async () => {
    const bytes = bytesOf(frames)
    for (let at = 1; at < bytes.length; at++) expect(await all(streamOf(...cut(bytes, { at: [at] })))).toEqual(said)
    expect(await all(streamOf(...cut(bytes, 'bytes')))).toEqual(said)
  })

  it('may be of either kind of line, with comments, names, ids and fields of others between', async () => {
    const other = frames.replaceAll(/^data: /gm, ': a comment\nid: 7\nretry: 10\nwhatever: x\nalone\ndata:')
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.boolean(),
        fc.integer(),
        fc.integer({ min: 1, max: 200 }),
        async (crlf, mixed, seed, max) => {
          const text = mixed ? other : frames
          const bytes = bytesOf(crlf ? text.replaceAll('\n', '\r\n') : text)
          expect(await all(streamOf(...cut(bytes, { seed, max })))).toEqual(said)
        },
      ),
      { numRuns: 60, seed: 8 },
    )
  })

  it('may do without names and spread its data over lines', async () => {
    const json = JSON.stringify(start(), null, 1).replaceAll('\n', '\ndata: ')
    const rest = answer('Hello')
      .slice(1)
      .map((event) => `data:${JSON.stringify(event)}\n\n`)
    expect(await streamOf(`\uFEFFdata: ${json}\n\n`, ...rest).finalText()).toBe('Hello')
  })

  it('is of UTF-8', async () => {
    const failure = await failureOf(all(streamOf(frames.slice(0, 50), new Uint8Array([0xff, 0xfe]))))
    expect(failure).toBeInstanceOf(BrokenStreamError)
    expect(failure).toMatchObject({ message: expect.stringContaining('not valid UTF-8') })
  })

  it('holds events of a bounded size', async () => {
    const source = new Source()
    const stream = new MessageStream(source.open)
    const piece = bytesOf('x'.repeat(16 * 1024 * 1024))
    source.push('data: "', piece, piece, piece, piece, piece)
    expect(await failureOf(stream.finalMessage())).toMatchObject({ message: expect.stringContaining('larger than 67108864') })
    expect(source.isClosed).toBe(true)
    // The last piece was never asked for.
    expect(source.reads).toBe(5)
  })
})

describe('an event', () => {
  it.each([
    ['no JSON', '{"type":"ping"', 'an event is no JSON object with a type: "{\\"type\\":\\"ping\\""'],
    ['text', '"ping"', 'no JSON object'],
    ['a list', '[]', 'no JSON object'],
    ['nothing', 'null', 'no JSON object'],
    ['without a type', '{"text":"a"}', 'with a type'],
    ['of a type that is none', '{"type":7}', 'with a type'],
    ['nested beyond reading', `{"type":"ping","of":${'['.repeat(600)}${']'.repeat(600)}}`, 'no JSON object'],
    ['an error without words', '{"type":"error","error":{}}', 'an error event does not say what is wrong'],
    ['an error of nothing', '{"type":"error"}', 'an error event does not say what is wrong'],
  ])('that is %s breaks the stream', async (_, data, what) => {
    const stream = streamOf(sseFrame(start()), `data: ${data}\n\n`)
    const failure = await failureOf(all(stream))
    expect(failure).toBeInstanceOf(BrokenStreamError)
    expect(failure).toMatchObject({ message: expect.stringContaining(what), request_id: 'req_test' })
  })

  it('is quoted at its beginning only', async () => {
    const failure = await failureOf(all(streamOf(`data: ${'x'.repeat(100_000)}\n\n`)))
    expect(failure instanceof Error && failure.message.length).toBeLessThan(400)
  })

  it('of a type that is not known passes as it came, wherever it stands', async () => {
    const strange = { type: 'weather', of: { today: 'rain' } }
    const ping = { type: 'ping' }
    const [first, ...rest] = answer('Hello')
    const events = [strange, ping, first, strange, ...rest, strange, ping]
    const source = new Source().events(...events.filter((event) => event !== undefined)).end()
    const stream = new MessageStream(source.open)
    expect(await all(stream)).toEqual(events)
    expect(await stream.finalMessage()).toEqual({ ...message('Hello'), request_id: 'req_test' })
  })

  it('may hold blocks and deltas that are not known', async () => {
    const hologram = JSON.parse('{"type":"hologram","depth":3}')
    const spin: StreamEvent = JSON.parse('{"type":"content_block_delta","index":0,"delta":{"type":"spin_delta","turns":2}}')
    const events = [start(), block(0, hologram), spin, says('in it'), stop(0), block(1), says('Hi', 1), stop(1), ...closing]
    const stream = new MessageStream(new Source().events(...events).end().open)
    expect(await all(stream.text())).toEqual(['Hi'])
    expect((await stream.finalMessage()).content).toEqual([hologram, { type: 'text', text: 'Hi' }])
  })
})

describe('a stream that is none', () => {
  it('says what it held', async () => {
    const failure = await failureOf(streamOf('<html>\n<body>502 Bad Gateway</body>').finalMessage())
    expect(failure).toMatchObject({
      message: expect.stringContaining('ended before message_stop and held what is no event: "<html>"'),
    })
  })

  it('is broken, also where it is empty', async () => {
    expect(await failureOf(streamOf().finalMessage())).toMatchObject({ message: expect.stringContaining('before message_stop') })
  })

  it('does not count what its last event lacks', async () => {
    const uncut = frames.slice(0, -1)
    expect(await failureOf(streamOf(uncut).finalMessage())).toMatchObject({
      message: expect.stringContaining('before message_stop'),
    })
  })
})

describe('events that cannot follow each other', () => {
  const raw = (json: string): StreamEvent => JSON.parse(json)

  it.each<[string, StreamEvent[], string]>([
    ['a second beginning', [...answer('Hel').slice(0, 3), ...answer('Hello')], 'a message_start came a second time'],
    ['the same message twice', [...answer('Hello'), ...answer('Hello')], 'a message_start came after message_stop'],
    ['text after the end', [...answer('Hello'), says('!')], 'a content_block_delta came after message_stop'],
    ['a second end', [...answer('Hello'), ...closing], 'a message_delta came after message_stop'],
    ['a block that begins again', [start(), block(0), says('a'), block(0)], 'block 0 was started where 1 was next'],
    ['a block that skips others', [start(), block(4_000_000_000)], 'block 4000000000 was started where 0 was next'],
    ['a block below all', [start(), block(-1)], 'block -1 was started'],
    ['a delta of no block', [start(), says('a')], 'a content_block_delta came for block 0, which is not open'],
    ['a delta of a block that has ended', [start(), block(0), stop(), says('a')], 'which is not open'],
    ['a block that ends twice', [start(), block(0), stop(), stop()], 'a content_block_stop came for block 0, which is not open'],
    ['no beginning', [block(0)], 'a content_block_start came before message_start'],
    ['an end without a beginning', [...closing], 'a message_delta came before message_start'],
    ['a start without a message', [raw('{"type":"message_start"}')], 'a message_start event lacks what belongs to it'],
    ['a start without content', [raw('{"type":"message_start","message":{"usage":{}}}')], 'a message_start event lacks'],
    ['a block of nothing', [start(), raw('{"type":"content_block_start","index":0}')], 'a content_block_start event lacks'],
    [
      'a text block without text',
      [start(), raw('{"type":"content_block_start","index":0,"content_block":{"type":"text"}}')],
      'lacks',
    ],
    ['a delta of nothing', [start(), block(0), raw('{"type":"content_block_delta","index":0,"delta":null}')], 'lacks'],
    [
      'text that is a number',
      [start(), block(0), raw('{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":1}}')],
      'lacks',
    ],
    ['an end without usage', [start(), raw('{"type":"message_delta","delta":{}}')], 'a message_delta event lacks'],
    [
      'warnings that are no list',
      [start(), raw('{"type":"message_delta","delta":{},"usage":{},"metadata":{"warnings":7}}')],
      'lacks',
    ],
  ])('%s', async (_, events, what) => {
    const source = new Source().events(...events).end()
    const stream = new MessageStream(source.open)
    const given: StreamEvent[] = []
    const reading = (async () => {
      for await (const event of stream) given.push(event)
    })()
    const failure = await failureOf(reading)
    expect(failure).toBeInstanceOf(BrokenStreamError)
    expect(failure).toMatchObject({ message: expect.stringContaining(what), request_id: 'req_test' })
    expect(given.length).toBeLessThan(events.length)
  })

  it('after the whole message leave the message as it was', async () => {
    const stream = new MessageStream(new Source().events(...answer('Hello'), ...answer('Hello')).end().open)
    const reading = all(stream.text())
    expect(await failureOf(reading)).toBeInstanceOf(BrokenStreamError)
    expect(await stream.finalText()).toBe('Hello')
    expect(stream.partialMessage()).toEqual(message('Hello'))
  })

  it('do not give a tool what it was not called with', async () => {
    const call = block(0, { type: 'tool_use', id: 'toolu_1', name: 'add', input: {} })
    const input = (partial_json: string): StreamEvent => delta(0, { type: 'input_json_delta', partial_json })
    const good = [start(), call, input('{"a":'), input('1}'), stop(), ...closing]
    const { content } = await new MessageStream(new Source().events(...good).end().open).finalMessage()
    expect(content).toEqual([{ type: 'tool_use', id: 'toolu_1', name: 'add', input: { a: 1 } }])
    const stream = new MessageStream(new Source().events(...good.slice(0, 3)).end().open)
    expect(await failureOf(stream.finalMessage())).toBeInstanceOf(BrokenStreamError)
    expect(stream.partialMessage()?.content).toEqual([])
  })
})
