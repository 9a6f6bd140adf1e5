import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accumulate } from '../../../api/accumulate.ts'
import { GatewayError } from '../../../api/error.ts'
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
  type Decoded,
  decode,
  framesOf,
  type GeneratedMessage,
  grammarProblem,
  key,
  request,
  type Spelling,
  spellings,
} from './streams.ts'

const plain: readonly Spelling[] = [{ padding: 0, escaped: false }]
const cuts = fc.array(fc.nat(), { maxLength: 30 })

const start = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-test',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 5, output_tokens: 1 },
  },
}
const end = [
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 9 } },
  { type: 'message_stop' },
]
const text = (index: number, ...pieces: string[]): object[] => [
  { type: 'content_block_start', index, content_block: { type: 'text', text: '' } },
  ...pieces.map((piece) => ({ type: 'content_block_delta', index, delta: { type: 'text_delta', text: piece } })),
  { type: 'content_block_stop', index },
]

/** Every byte by itself, and all bytes at once. */
async function decodeBoth(body: string | Buffer): Promise<Decoded[]> {
  const bytes = Buffer.from(body)
  return [await decode([bytes]), await decode(Array.from(bytes, (byte) => Uint8Array.of(byte)))]
}

function decodeEvents(...events: object[]): Promise<Decoded[]> {
  return decodeBoth(Buffer.concat(framesOf(events, '\n', plain)))
}

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
    const { items } = await decode([Buffer.concat(framesOf([start, ...text(0, 'a', 'b', 'c'), ...end], '\n', plain))])
    expect(items.map(({ type }) => type)).toEqual([
      'message_start',
      'content_block_start',
      'wire',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
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
      ...framesOf(text(0).slice(1), '\n', plain),
      ...framesOf(end, '\n', plain),
    ].join('')
    for (const { error, events } of await decodeBoth(body)) {
      expect(error).toBeUndefined()
      expect(events.slice(1)).toEqual([...text(0, 'a'), ...end])
    }
  })

  it('may change from one line end to the other in the middle', async () => {
    const frames = [
      ...framesOf([start, ...text(0, 'a').slice(0, 2)], '\n', plain),
      ...framesOf([...text(0).slice(1), ...end], '\r\n', plain),
    ]
    for (const { error, events } of await decodeBoth(Buffer.concat(frames))) {
      expect(error).toBeUndefined()
      expect(events.slice(1)).toEqual([...text(0, 'a'), ...end])
    }
  })

  it('is left at message_stop: nothing behind it is looked at', async () => {
    const frames = framesOf([start, ...text(0, 'a'), ...end, start, { type: 'error', error: { type: 'api_error' } }], '\n', plain)
    for (const { error, events } of await decodeBoth(Buffer.concat(frames))) {
      expect(error).toBeUndefined()
      expect(events.at(-1)).toEqual({ type: 'message_stop' })
      expect(events.filter(({ type }) => type === 'message_start')).toHaveLength(1)
    }
  })

  it('has only events that fit the contract', async () => {
    const [{ events } = { events: [] }] = await decodeEvents(start, { type: 'ping' }, ...text(0, 'a'), ...end)
    for (const event of events) expect(problemsWith('StreamEvent', event)).toEqual([])
  })
})

describe('a stream that something went wrong with', () => {
  const mutation = fc.oneof(
    fc.record({ kind: fc.constant('drop'), at: fc.nat() }),
    fc.record({ kind: fc.constant('double'), at: fc.nat() }),
    fc.record({ kind: fc.constant('swap'), at: fc.nat(), with: fc.nat() }),
    fc.record({
      kind: fc.constant('truncate'),
      at: fc.nat(),
      bytes: fc.nat(200),
      end: fc.constantFrom('', '\n', '\n\n', '\r\n\r\n'),
    }),
    fc.record({ kind: fc.constant('cut off'), at: fc.nat(), bytes: fc.nat(200) }),
  )
  type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never

  function mutate(frames: Buffer[], change: Mutation): Buffer[] {
    const at = change.at % Math.max(frames.length, 1)
    const frame = frames[at]
    if (!frame) return frames
    if ('with' in change) {
      const other = change.with % frames.length
      return frames.with(at, frames[other] ?? frame).with(other, frame)
    }
    if ('end' in change) return frames.with(at, Buffer.concat([frame.subarray(0, change.bytes), Buffer.from(change.end)]))
    if ('bytes' in change) return [...frames.slice(0, at), frame.subarray(0, change.bytes)]
    return change.kind === 'drop' ? frames.toSpliced(at, 1) : frames.toSpliced(at, 0, frame)
  }

  it('keeps the grammar, or ends in an error and never as if all were well', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyMessage,
        fc.constantFrom('\n', '\r\n'),
        spellings,
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        cuts,
        async (message, lineEnd, styles, changes, places) => {
          const frames = changes.reduce(mutate, framesOf(message.events, lineEnd, styles))
          const { events, error } = await decode(cutAt(Buffer.concat(frames), places))
          expect(grammarProblem(events, error === undefined)).toBeUndefined()
          if (error !== undefined) expect(error).toBeInstanceOf(GatewayError)
        },
      ),
      { numRuns: 1500 },
    )
  })

  it('keeps the grammar, or ends in an error, where two streams are mixed', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyMessage,
        anyMessage,
        fc.array(fc.boolean(), { minLength: 20 }),
        cuts,
        async (one, other, turns, places) => {
          const streams = [framesOf(one.events, '\n', plain), framesOf(other.events, '\n', plain)]
          const mixed = turns.map((turn) => streams[turn ? 0 : 1]?.shift() ?? Buffer.alloc(0))
          const { events, error } = await decode(cutAt(Buffer.concat([...mixed, ...streams.flat()]), places))
          expect(grammarProblem(events, error === undefined)).toBeUndefined()
          if (error !== undefined) expect(error).toBeInstanceOf(GatewayError)
        },
      ),
      { numRuns: 500 },
    )
  })

  const failsWith = async (code: string, message: RegExp, ...events: object[]): Promise<void> => {
    for (const { error, events: seen } of await decodeEvents(...events)) {
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
      expect(grammarProblem(seen, false)).toBeUndefined()
    }
  }

  it('is refused where it begins anew after content', async () => {
    await failsWith('provider_protocol', /anew/, start, ...text(0, 'a'), start, ...text(0, 'a'), ...end)
  })

  it('goes on where it begins anew before any content, as if it had begun once', async () => {
    for (const { error, events } of await decodeEvents(start, { type: 'ping' }, start, ...text(0, 'a'), ...end)) {
      expect(error).toBeUndefined()
      expect(events.filter(({ type }) => type === 'message_start')).toHaveLength(1)
      expect(grammarProblem(events, true)).toBeUndefined()
    }
  })

  it('is refused where a delta comes for a block that is closed', async () => {
    await failsWith('provider_protocol', /delta.*block 0/, start, ...text(0, 'a'), ...text(0, 'b').slice(1), ...end)
  })

  it('is refused where a delta comes for a block that was not started', async () => {
    await failsWith('provider_protocol', /delta.*block 1/, start, ...text(0).slice(0, 1), ...text(1, 'b').slice(1))
  })

  it.each([
    ['text', { type: 'thinking_delta', thinking: 'x' }],
    ['text', { type: 'input_json_delta', partial_json: '{}' }],
    ['thinking', { type: 'text_delta', text: 'x' }],
    ['tool_use', { type: 'text_delta', text: 'x' }],
    ['redacted_thinking', { type: 'signature_delta', signature: 'x' }],
  ])('is refused where a %s block gets a delta of another kind: %j', async (type, delta) => {
    const block = { type: 'content_block_start', index: 0, content_block: { type } }
    await failsWith('provider_protocol', /delta/, start, block, { type: 'content_block_delta', index: 0, delta }, ...end)
  })

  it('is refused where a block is started twice, out of order, or stopped twice', async () => {
    await failsWith('provider_protocol', /block 0/, start, ...text(0).slice(0, 1), ...text(0), ...end)
    await failsWith('provider_protocol', /block 1/, start, ...text(1), ...end)
    await failsWith('provider_protocol', /block 0/, start, ...text(0), ...text(0).slice(1), ...end)
  })

  it('is refused where anything comes before message_start', async () => {
    await failsWith('provider_protocol', /before message_start/, ...text(0))
    await failsWith('provider_protocol', /before message_start/, { type: 'message_stop' })
  })

  it('has its blocks closed where the provider ends the message without closing them', async () => {
    for (const { error, events } of await decodeEvents(start, ...text(0, 'a').slice(0, 2), ...end)) {
      expect(error).toBeUndefined()
      expect(events.map(({ type }) => type).slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop'])
      expect(grammarProblem(events, true)).toBeUndefined()
    }
  })

  it.each([
    ['not JSON', 'event: content_block_stop\ndata: {"type":"content_block_stop","index":\n\n'],
    ['a list', 'data: []\n\n'],
    ['nothing', 'data:\n\n'],
    ['a number for a type', 'data: {"type":1}\n\n'],
    ['without an index', 'data: {"type":"content_block_stop"}\n\n'],
    ['with a negative index', 'data: {"type":"content_block_stop","index":-1}\n\n'],
    ['a message_delta without a delta', 'data: {"type":"message_delta"}\n\n'],
    [
      'a delta that breaks off in its text',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"abc\n\n',
    ],
    [
      'a delta that breaks off before its last brace',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"abc"}\n\n',
    ],
    [
      'a delta that breaks off behind a brace in its text',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"abc}\n\n',
    ],
    [
      'a delta that breaks off behind JSON in its text',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{\\"a\\":{\\"b\\":\\"c\\"}}\n\n',
    ],
  ])('is refused where an event is %s', async (_, frame) => {
    const frames = Buffer.concat([...framesOf([start, ...text(0, 'a').slice(0, 2)], '\n', plain), Buffer.from(frame)])
    for (const { error, events } of await decodeBoth(
      Buffer.concat([frames, ...framesOf([...text(0).slice(1), ...end], '\n', plain)]),
    )) {
      expect(error).toMatchObject({ code: 'provider_protocol', status: 502 })
      expect(events).toHaveLength(3)
    }
  })

  it('is a provider that hung up where it ends before message_stop, at whatever byte', async () => {
    const body = Buffer.concat(framesOf([start, ...text(0, 'é', '🙂'), ...end], '\n', plain))
    for (let bytes = 0; bytes < body.length - 1; bytes++) {
      const { error, events } = await decode([body.subarray(0, bytes)])
      expect(error).toMatchObject({ code: 'provider_disconnected', transient: true })
      expect(grammarProblem(events, false)).toBeUndefined()
    }
  })

  it.each<[string, Buffer]>([
    [
      'in a delta that is forwarded',
      Buffer.from(
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\xff"}}\n\n',
        'latin1',
      ),
    ],
    ['in an event that is read', Buffer.from('data: {"type":"ping","x":"\xff"}\n\n', 'latin1')],
    ['in a stream with carriage returns', Buffer.from('data: {"type":"ping","x":"\xc3\x28"}\r\n\r\n', 'latin1')],
  ])('is refused where it is not UTF-8 %s', async (_, frame) => {
    const body = Buffer.concat([...framesOf([start, ...text(0).slice(0, 1)], '\n', plain), frame, ...framesOf(end, '\n', plain)])
    for (const { error } of await decodeBoth(body)) {
      expect(error).toMatchObject({ code: 'provider_protocol', message: expect.stringMatching(/UTF-8/) })
    }
  })

  it.each(['\n', '\r\n'] as const)('is refused as soon as one event is over the limit, with line ends %j', async (lineEnd) => {
    let sent = 0
    function* endless(): Generator<Buffer> {
      yield* framesOf([start, ...text(0).slice(0, 1)], lineEnd, plain)
      yield Buffer.from(
        `event: content_block_delta${lineEnd}data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"`,
      )
      const piece = Buffer.alloc(1024 * 1024, 'x')
      for (; sent < 64; sent++) yield piece
    }
    const { error, events } = await decode(endless())
    expect(error).toMatchObject({ code: 'provider_protocol' })
    expect(events).toHaveLength(2)
    expect(sent).toBeLessThan(20)
  })
})

describe('an error in a stream that began well', () => {
  it.each([
    ['invalid_request_error', 'provider_rejected', 400],
    ['authentication_error', 'provider_authentication', 401],
    ['billing_error', 'provider_quota', 429],
    ['permission_error', 'provider_permission', 403],
    ['not_found_error', 'provider_not_found', 404],
    ['request_too_large', 'provider_request_too_large', 413],
    ['rate_limit_error', 'provider_rate_limit', 429],
    ['timeout_error', 'provider_timeout', 504],
    ['api_error', 'provider_error', 502],
    ['overloaded_error', 'provider_overloaded', 529],
    ['an_error_nobody_knows', 'provider_error', 502],
  ])('%s is %s', async (type, code, status) => {
    const failure = { type: 'error', error: { type, message: `Refused ${key}.` } }
    for (const { error, events } of await decodeEvents(start, ...text(0, 'a').slice(0, 2), failure, ...end)) {
      expect(error).toMatchObject({ code, status, message: 'Anthropic: Refused [redacted].' })
      expect(JSON.stringify(error instanceof GatewayError && error.toBody('req_test_0001'))).not.toContain(key)
      expect(events).toHaveLength(3)
    }
  })

  it("counts as the provider's failure where it says nothing of itself", async () => {
    for (const { error } of await decodeEvents(start, { type: 'error' })) {
      expect(error).toMatchObject({ code: 'provider_error', providerError: { provider: 'anthropic', body: { type: 'error' } } })
    }
  })

  it('may come first of all', async () => {
    for (const { error, events } of await decodeEvents({
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded' },
    })) {
      expect(error).toMatchObject({ code: 'provider_overloaded' })
      expect(events).toEqual([])
    }
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
    const events = [start, ...text(0, 'a\n"b', '🙂'), ...end]
    const { items } = await decode([Buffer.concat(framesOf(events, '\n', plain))])
    const wire = items.flatMap((item) => (item.type === 'wire' ? [item] : []))
    const forwarded = Buffer.concat(wire.map(({ bytes }) => bytes)).toString()
    expect(forwarded).toBe(wire.flatMap((item) => eventsOf(item).map(sseFrame)).join(''))
  })
})
