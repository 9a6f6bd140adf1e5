import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StreamEvent } from '../../api/schemas.gen.ts'
import { createSseParser, SseError, type SseMessage, sseFrame } from '../../api/sse.ts'
import { cut } from '../upstreams/chunks.ts'

const utf8 = new TextEncoder()

function parse(chunks: readonly Uint8Array[], limit = 1024 * 1024): SseMessage[] {
  const parser = createSseParser(limit)
  const messages = chunks.flatMap((chunk) => [...parser.feed(chunk)])
  parser.end()
  return messages.map(({ event, data }) => ({ event, data }))
}

/** Characters of one, two, three and four bytes, and those that other formats take for line ends. */
const dataLine = fc.string({
  unit: fc.constantFrom('a', ' ', ':', 'ß', '€', '🙂', '\u2028', '\u0085', '\u0000', '"'),
  maxLength: 12,
})
const lineEnd = fc.constantFrom('\n', '\r\n')
const messageOf = fc.record({
  event: fc.option(fc.constantFrom('ping', 'message_start', 'größe'), { nil: undefined }),
  lines: fc.array(dataLine, { minLength: 1, maxLength: 3 }),
  comments: fc.array(fc.constantFrom(': keep-alive', ':', ': OPENROUTER PROCESSING', 'id: 7', 'unknown: field', 'nonsense'), {
    maxLength: 2,
  }),
  spaced: fc.boolean(),
})

const stream = fc.tuple(fc.array(messageOf, { maxLength: 5 }), lineEnd).map(([messages, end]) => ({
  expected: messages.map(({ event, lines }) => ({ event, data: lines.join('\n') })),
  text: messages
    .map(({ event, lines, comments, spaced }) => {
      // One space after the colon belongs to the format, so that a line that begins with one needs its own.
      const field = (name: string, value: string): string => `${name}:${spaced || value.startsWith(' ') ? ' ' : ''}${value}`
      const all = [
        ...comments,
        ...(event === undefined ? [] : [field('event', event)]),
        ...lines.map((line) => field('data', line)),
      ]
      return `${all.join(end)}${end}${end}`
    })
    .join(''),
}))

describe('the parser of server-sent events', () => {
  it('reads the same messages however the bytes are cut', () => {
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 2 ** 31 - 1 }), ({ text, expected }, seed) => {
        const bytes = utf8.encode(text)
        expect(parse([bytes])).toEqual(expected)
        expect(parse(cut(bytes, 'bytes'))).toEqual(expected)
        expect(parse(cut(bytes, { seed, max: 5 }))).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('reads the same messages with one cut at each of all places', () => {
    const text = ': hello\r\nevent: größe\r\ndata: {"t":"€🙂"}\r\ndata: second\r\n\r\ndata:\u2028\r\n\r\n'
    const bytes = utf8.encode(text)
    const expected = [
      { event: 'größe', data: '{"t":"€🙂"}\nsecond' },
      { event: undefined, data: '\u2028' },
    ]
    for (let at = 0; at <= bytes.length; at++) expect(parse([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(expected)
  })

  it('gives each message with the chunk that completes it', () => {
    const parser = createSseParser(1000)
    expect(parser.feed(utf8.encode('data: 1\n'))).toEqual([])
    expect(parser.feed(utf8.encode('\ndata: 2\n\nda'))).toMatchObject([{ data: '1' }, { data: '2' }])
    expect(parser.feed(utf8.encode('ta: 3\n\n'))).toMatchObject([{ data: '3' }])
  })

  it('takes what stands unfinished at the end for no message', () => {
    expect(parse([utf8.encode('data: 1\n\ndata: 2\n')])).toEqual([{ event: undefined, data: '1' }])
  })

  it('passes over a byte order mark', () => {
    expect(parse([Uint8Array.of(0xef, 0xbb, 0xbf), utf8.encode('data: 1\n\n')])).toEqual([{ event: undefined, data: '1' }])
  })

  it.each([1, 7, 1000])('refuses an event over the limit, in chunks of %i bytes, before it is all there', (size) => {
    const parser = createSseParser(100)
    parser.feed(utf8.encode(`data: ${'x'.repeat(90)}\n\n`))
    const endless = cut(utf8.encode(`data: ${'x'.repeat(2000)}`), { size })
    expect(() => {
      for (const chunk of endless) parser.feed(chunk)
    }).toThrow(SseError)
  })

  it('refuses an event of many lines over the limit', () => {
    const parser = createSseParser(100)
    expect(() => {
      for (let line = 0; line < 100; line++) parser.feed(utf8.encode('data: 0123456789\n'))
    }).toThrow(SseError)
  })

  it.each([
    ['a byte that begins no character', [0xff]],
    ['a character written too long', [0xc0, 0x80]],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a character that breaks off', [0xe2, 0x82, 0x0a]],
  ])('refuses %s', (_, bytes) => {
    expect(() => parse([utf8.encode('data: '), Uint8Array.from(bytes), utf8.encode('\n\n')])).toThrow(SseError)
  })

  it('refuses a stream that ends inside a character', () => {
    const parser = createSseParser(100)
    parser.feed(Uint8Array.of(0xe2, 0x82))
    expect(() => parser.end()).toThrow(SseError)
  })
})

describe('sseFrame', () => {
  const delta = (text: string): StreamEvent => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })

  it.each(['\u2028\u2029', '\n\nevent: error\ndata: {}\n\n', '\r\n\r\n', '\r', '\u0000', '🙂', '\ud800', ''])(
    'carries %j as it is, in one message',
    (text) => {
      const [message, ...others] = parse([utf8.encode(sseFrame(delta(text)))])
      expect(others).toEqual([])
      expect(message?.event).toBe('content_block_delta')
      expect(JSON.parse(message?.data ?? '')).toEqual(delta(text))
    },
  )

  it('carries any text, one message a frame', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        const messages = parse([utf8.encode(texts.map((text) => sseFrame(delta(text))).join(''))])
        expect(messages.map(({ data }) => JSON.parse(data))).toEqual(texts.map(delta))
      }),
    )
  })

  it('names the event after its type', () => {
    expect(sseFrame({ type: 'ping' })).toBe('event: ping\ndata: {"type":"ping"}\n\n')
  })
})
