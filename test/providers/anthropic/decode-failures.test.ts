import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../api/error.ts'
import {
  anyMessage,
  cutAt,
  cuts,
  decode,
  decodeBoth,
  decodeEvents,
  end,
  framesOf,
  grammarProblem,
  key,
  plain,
  spellings,
  start,
  textBlock,
} from './streams.ts'

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
    await failsWith('provider_protocol', /anew/, start, ...textBlock(0, 'a'), start, ...textBlock(0, 'a'), ...end)
  })

  it('goes on where it begins anew before any content, as if it had begun once', async () => {
    for (const { error, events } of await decodeEvents(start, { type: 'ping' }, start, ...textBlock(0, 'a'), ...end)) {
      expect(error).toBeUndefined()
      expect(events.filter(({ type }) => type === 'message_start')).toHaveLength(1)
      expect(grammarProblem(events, true)).toBeUndefined()
    }
  })

  it('is refused where a delta comes for a block that is closed', async () => {
    await failsWith('provider_protocol', /delta.*block 0/, start, ...textBlock(0, 'a'), ...textBlock(0, 'b').slice(1), ...end)
  })

  it('is refused where a delta comes for a block that was not started', async () => {
    await failsWith('provider_protocol', /delta.*block 1/, start, ...textBlock(0).slice(0, 1), ...textBlock(1, 'b').slice(1))
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
    await failsWith('provider_protocol', /block 0/, start, ...textBlock(0).slice(0, 1), ...textBlock(0), ...end)
    await failsWith('provider_protocol', /block 1/, start, ...textBlock(1), ...end)
    await failsWith('provider_protocol', /block 0/, start, ...textBlock(0), ...textBlock(0).slice(1), ...end)
  })

  it('is refused where anything comes before message_start', async () => {
    await failsWith('provider_protocol', /before message_start/, ...textBlock(0))
    await failsWith('provider_protocol', /before message_start/, { type: 'message_stop' })
  })

  it('is refused where it ends without saying how, or goes on after that', async () => {
    await failsWith('provider_protocol', /without a message_delta/, start, ...textBlock(0, 'a'), { type: 'message_stop' })
    await failsWith('provider_protocol', /after message_delta/, start, ...end.slice(0, 1), ...textBlock(0, 'a'), ...end)
  })

  it('has its blocks closed where the provider ends the message without closing them', async () => {
    for (const { error, events } of await decodeEvents(start, ...textBlock(0, 'a').slice(0, 2), ...end)) {
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
    const frames = Buffer.concat([...framesOf([start, ...textBlock(0, 'a').slice(0, 2)], '\n', plain), Buffer.from(frame)])
    for (const { error, events } of await decodeBoth(
      Buffer.concat([frames, ...framesOf([...textBlock(0).slice(1), ...end], '\n', plain)]),
    )) {
      expect(error).toMatchObject({ code: 'provider_protocol', status: 502 })
      expect(events).toHaveLength(3)
    }
  })

  it('is a provider that hung up where it ends before message_stop, at whatever byte', async () => {
    const body = Buffer.concat(framesOf([start, ...textBlock(0, 'é', '🙂'), ...end], '\n', plain))
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
    const body = Buffer.concat([
      ...framesOf([start, ...textBlock(0).slice(0, 1)], '\n', plain),
      frame,
      ...framesOf(end, '\n', plain),
    ])
    for (const { error } of await decodeBoth(body)) {
      expect(error).toMatchObject({ code: 'provider_protocol', message: expect.stringMatching(/UTF-8/) })
    }
  })

  it.each(['\n', '\r\n'] as const)('is refused as soon as one event is over the limit, with line ends %j', async (lineEnd) => {
    let sent = 0
    function* endless(): Generator<Buffer> {
      yield* framesOf([start, ...textBlock(0).slice(0, 1)], lineEnd, plain)
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
    for (const { error, events } of await decodeEvents(start, ...textBlock(0, 'a').slice(0, 2), failure, ...end)) {
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
