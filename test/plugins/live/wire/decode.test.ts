import { encode as pack } from '@msgpack/msgpack'
import { describe, expect, it } from 'vitest'
import { type AudioTransport, type Codec, createCodec, type Incoming } from '../../../../plugins/live/wire/codec.ts'
import { closeCodeOf, type Violation } from '../../../../plugins/live/wire/violations.ts'
import type { RawFormat } from '../../../../providers/speech.ts'
import { clientMessages } from './examples.ts'

const pcm: RawFormat = { encoding: 'pcm', rate: 16_000 }
const maxBytes = 1_000_000
const maxHelloValues = 250_000

interface Setup {
  readonly isMsgpack?: boolean
  readonly audioTransport?: AudioTransport
  readonly audioIn?: RawFormat | undefined
}

/** A codec of a client that has said hello. */
function agreed({ isMsgpack = false, audioTransport = 'binary', ...rest }: Setup = {}): Codec {
  const codec = createCodec({ isMsgpack, maxBytes, maxHelloValues })
  codec.agree({ audioTransport, audioIn: 'audioIn' in rest ? rest.audioIn : pcm })
  return codec
}

const text = (codec: Codec, json: string): Incoming => codec.decode(Buffer.from(json), false)
const packed = (codec: Codec, value: unknown): Incoming => codec.decode(pack(value), true)

/** The violation that a frame is. */
function refused(incoming: Incoming): Violation & { closeCode: number | undefined } {
  if (incoming.type !== 'violation') throw new Error(`a violation was expected, not ${JSON.stringify(incoming)}`)
  return { ...incoming.violation, closeCode: closeCodeOf(incoming.violation) }
}

describe('messages', () => {
  const control = clientMessages.filter(({ type }) => type !== 'audio_frame')

  it.each(control)('are read from JSON: $type', (message) => {
    expect(text(agreed(), JSON.stringify(message))).toEqual({ type: 'message', message })
  })

  it.each(control)('are read from MessagePack: $type', (message) => {
    expect(packed(agreed({ isMsgpack: true }), message)).toEqual({ type: 'message', message })
  })

  it('may come as bytes that are no Buffer, anywhere in their memory', () => {
    const memory = new Uint8Array(200)
    const bytes = memory.subarray(
      7,
      7 + new TextEncoder().encodeInto('{"type":"control","op":"mute"}', memory.subarray(7)).written,
    )
    expect(agreed().decode(bytes, false)).toEqual({ type: 'message', message: { type: 'control', op: 'mute' } })
    memory.set(pack({ type: 'control', op: 'mute' }), 3)
    const other = memory.subarray(3, 3 + pack({ type: 'control', op: 'mute' }).length)
    expect(agreed({ isMsgpack: true }).decode(other, true)).toEqual({ type: 'message', message: { type: 'control', op: 'mute' } })
  })
})

describe.each([
  ['JSON', false],
  ['MessagePack', true],
])('what is wrong with a message in %s', (_, isMsgpack) => {
  const send = (value: unknown): Incoming =>
    isMsgpack ? packed(agreed({ isMsgpack }), value) : text(agreed(), JSON.stringify(value))

  it('is told with the known types and the one that was meant', () => {
    const { code, param, issues, closeCode } = refused(send({ type: 'playback_marks' }))
    expect({ code, param, closeCode }).toEqual({ code: 'invalid_message', param: 'type', closeCode: undefined })
    expect(issues?.[0]?.code).toBe('unknown_type')
    expect(issues?.[0]?.message).toContain('did you mean "playback_mark"?')
    expect(issues?.[0]?.message).toContain('"session_update"')
  })

  it('is told all at once, each with its path', () => {
    const { message, issues } = refused(
      send({
        type: 'hello',
        protocol_version: '1',
        tts: { voice: 'demo/soft', speed: 9 },
        turn: { mode: 'psychic' },
        messages: [{ role: 'user', content: [{ type: 'txt', text: 'Hello' }] }],
        grace: 1,
      }),
    )
    expect(issues?.map(({ param, code }) => `${param} ${code}`).sort()).toEqual([
      'grace unknown_field',
      'messages[0].content[0].type unknown_block_type',
      'tts.speed out_of_range',
      'turn.mode invalid_enum',
    ])
    expect(message).toContain('(and 3 more in issues)')
  })

  it.each([[[]], ['hello'], [3], [null]])('is told where it is no object but %j', (value) => {
    expect(refused(send(value)).issues?.map(({ code }) => code)).toEqual(['invalid_type'])
  })

  it('is told where it is nested too deep', () => {
    let input: unknown = 1
    for (let level = 0; level < 130; level++) input = [input]
    // Deeper than packages write unasked.
    const bytes = isMsgpack ? Buffer.from([0x81, 0xa1, 0x61, ...Array.from({ length: 130 }, () => 0x91), 1]) : undefined
    const incoming = bytes ? agreed({ isMsgpack }).decode(bytes, true) : send({ a: input })
    expect(refused(incoming).issues).toEqual([{ code: 'too_deep', message: 'the message is nested more than 128 levels deep' }])
  })

  it('is told where it has too many values', () => {
    const content = Array.from({ length: 10_001 }, () => 0)
    expect(refused(send({ type: 'input_text', content })).issues).toEqual([
      { code: 'too_many_values', message: 'the message holds more than 10000 values' },
    ])
  })

  it('may hold more before anything was agreed, and has it told where that is too many as well', () => {
    const codec = createCodec({ isMsgpack, maxBytes, maxHelloValues: 20_000 })
    const codesOf = (length: number) => {
      const message = { type: 'input_text', content: Array.from({ length }, () => 0) }
      const incoming = isMsgpack ? packed(codec, message) : text(codec, JSON.stringify(message))
      return new Set(refused(incoming).issues?.map(({ code }) => code))
    }
    expect(codesOf(19_000)).toContain('invalid_type')
    expect(codesOf(20_000)).toEqual(new Set(['too_many_values']))
  })

  it('is told where it is too large, before it is read', () => {
    const violation = refused(send({ type: 'input_text', content: 'x'.repeat(maxBytes) }))
    expect(violation).toMatchObject({ code: 'message_too_large', closeCode: 1009 })
  })
})

describe('JSON', () => {
  it.each([
    ['nothing', ''],
    ['a word', 'hello'],
    ['cut short', '{"type":"control","op":"mu'],
    ['a byte order mark', '\ufeff{"type":"control","op":"mute"}'],
    ['two messages', '{"type":"control","op":"mute"}{}'],
    ['a comment', '{"type":"control",/**/"op":"mute"}'],
    ['NaN', '{"type":"playback_mark","played_ms":NaN}'],
  ])('that is none closes the socket: %s', (_, json) => {
    expect(refused(text(agreed(), json))).toMatchObject({ code: 'invalid_json', closeCode: 1007 })
  })

  it('that is not UTF-8 closes the socket', () => {
    const bytes = Buffer.from('{"type":"input_text","content":"\xff"}', 'latin1')
    expect(refused(agreed().decode(bytes, false))).toMatchObject({ code: 'invalid_json', closeCode: 1007 })
  })

  it('never has its text repeated where it cannot be parsed', () => {
    expect(refused(text(agreed(), '{"type":"input_text","content":"my secret" oops}')).message).toBe(
      'The message is not valid JSON at position 43.',
    )
  })

  it.each([
    ['{"type":"control","op":"mute","op":"unmute"}', 'op', 'duplicate_key'],
    ['{"type":"playback_mark","played_ms":1e999}', 'played_ms', 'number_out_of_range'],
    ['{"type":"audio_frame","seq":9007199254740993}', 'seq', 'number_not_exact'],
  ])('that reading would change is refused: %s', (json, param, code) => {
    expect(refused(text(agreed(), json)).issues).toMatchObject([{ param, code }])
  })
})

describe('MessagePack', () => {
  const decode = (...bytes: number[]): Incoming => agreed({ isMsgpack: true }).decode(Uint8Array.from(bytes), true)
  /** `{type: …}` */
  const typed = [0x81, 0xa4, 0x74, 0x79, 0x70, 0x65]

  it.each([
    ['nothing', []],
    ['cut within a number', [...typed, 0xcd, 1]],
    ['cut within a text', [...typed, 0xa9, 0x61]],
    ['cut within a map', [0x82, 0xa1, 0x61, 1]],
    ['a list that claims four thousand million items', [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ['a map that claims four thousand million members', [0xdf, 0xff, 0xff, 0xff, 0xff]],
    ['a text that claims four gigabytes', [...typed, 0xdb, 0xff, 0xff, 0xff, 0xff]],
    ['bytes that claim four gigabytes', [...typed, 0xc6, 0xff, 0xff, 0xff, 0xff]],
    ['the byte that is never used', [...typed, 0xc1]],
    ['an extension type', [...typed, 0xd4, 1, 0]],
    ['a long extension type', [...typed, 0xc7, 1, 1, 0]],
    ['a point in time', [...typed, 0xd6, 0xff, 0, 0, 0, 0]],
    ['a key that is a number', [0x81, 1, 1]],
    ['a key that is nothing', [0x81, 0xc0, 1]],
    ['a key that is bytes', [0x81, 0xc4, 1, 0, 1]],
    ['a key that is a map', [0x81, 0x80, 1]],
    ['text that is not UTF-8', [...typed, 0xa1, 0xff]],
    ['half a pair of surrogates', [...typed, 0xa3, 0xed, 0xa0, 0x80]],
    ['bytes behind it', [0x80, 0]],
  ])('that is none, or that JSON has no form for, closes the socket: %s', (_, bytes) => {
    expect(refused(decode(...bytes))).toMatchObject({ code: 'invalid_msgpack', closeCode: 1007 })
  })

  it.each([
    ['not a number', [...typed, 0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0], 'number_out_of_range'],
    ['infinite', [...typed, 0xca, 0x7f, 0x80, 0, 0], 'number_out_of_range'],
    ['a whole number that would be rounded', [...typed, 0xcf, 0, 0x20, 0, 0, 0, 0, 0, 1], 'number_not_exact'],
    ['a negative one', [...typed, 0xd3, 0x80, 0, 0, 0, 0, 0, 0, 1], 'number_not_exact'],
    ['a key that stands twice', [0x82, 0xa4, 0x74, 0x79, 0x70, 0x65, 1, 0xa4, 0x74, 0x79, 0x70, 0x65, 1], 'duplicate_key'],
    ['bytes where there is no sound', [...typed, 0xc4, 1, 0], 'invalid_type'],
  ])('that reading would change is refused: %s', (_, bytes, code) => {
    expect(refused(decode(...bytes)).issues).toMatchObject([{ param: 'type', code }])
  })

  it('says where bytes stand that may not', () => {
    const codec = agreed({ isMsgpack: true })
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: new Uint8Array(3) } }
    expect(refused(packed(codec, { type: 'input_text', content: [image] })).param).toBe('content[0].source.data')
    expect(refused(packed(codec, { type: 'audio_frame', seq: new Uint8Array(1), data: new Uint8Array(2) })).param).toBe('seq')
    expect(refused(packed(codec, { type: 'control', op: 'mute', data: new Uint8Array(2) })).param).toBe('data')
  })

  it('reads numbers of every size', () => {
    const codec = agreed({ isMsgpack: true })
    for (const seq of [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      expect(packed(codec, { type: 'audio_frame', seq, data: new Uint8Array(2) }).type).toBe('sound')
    }
    for (const input of [-1, -32, -33, -128, -129, -32_769, -(2 ** 31) - 1, 0.5, 1e300]) {
      const message = { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'browser_state', input }] }
      expect(packed(codec, message)).toEqual({ type: 'message', message })
    }
  })

  it('takes a key for a key that has a meaning to the language alone', () => {
    const content = `{"type":"tool_result","tool_use_id":"a","content":[{"type":"browser_state","__proto__":{"x":1}}]}`
    const fromJson = text(agreed(), content)
    const key = Buffer.concat([Buffer.of(0xa9), Buffer.from('__proto__'), Buffer.of(0x81, 0xa1, 0x78, 1)])
    const block = Buffer.concat([Buffer.of(0x82), pack('type'), pack('browser_state'), key])
    const frame = Buffer.concat([
      Buffer.of(0x83),
      ...['type', 'tool_result', 'tool_use_id', 'a', 'content'].map((part) => pack(part)),
      Buffer.of(0x91),
      block,
    ])
    expect(JSON.stringify(agreed({ isMsgpack: true }).decode(frame, true))).toBe(JSON.stringify(fromJson))
    expect(JSON.stringify(fromJson)).toContain('__proto__')
  })
})

describe('sound', () => {
  const frame = (seq: number, data = 'AAAAAA==') => JSON.stringify({ type: 'audio_frame', seq, data_b64: data })
  const base64 = (audioIn: RawFormat = pcm): Codec => agreed({ audioTransport: 'base64_json', audioIn })

  it('comes as binary frames, as base64, or as bytes in MessagePack', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4)
    const data = Buffer.from(bytes).toString('base64')
    const incomings = [
      agreed().decode(bytes, true),
      text(base64(), frame(0, data)),
      packed(agreed({ isMsgpack: true }), { type: 'audio_frame', seq: 0, timestamp_ms: 20, data: bytes }),
    ]
    for (const incoming of incomings) {
      expect(incoming.type).toBe('sound')
      expect(incoming.type === 'sound' && [...incoming.bytes]).toEqual([1, 2, 3, 4])
    }
  })

  it('may have an odd number of bytes only where a sample has one', () => {
    const odd = new Uint8Array(161)
    const mulaw: RawFormat = { encoding: 'mulaw', rate: 8000 }
    expect(refused(agreed().decode(odd, true))).toMatchObject({ code: 'half_sample', closeCode: 1007 })
    expect(refused(text(base64(), frame(0, Buffer.from(odd).toString('base64')))).code).toBe('half_sample')
    expect(agreed({ audioIn: mulaw }).decode(odd, true).type).toBe('sound')
    expect(text(base64(mulaw), frame(0, 'AA==')).type).toBe('sound')
  })

  it('has at least one sample', () => {
    const incomings = [
      agreed().decode(new Uint8Array(0), true),
      text(base64(), frame(0, '')),
      packed(agreed({ isMsgpack: true }), { type: 'audio_frame', seq: 0, data: new Uint8Array(0) }),
    ]
    for (const incoming of incomings) expect(refused(incoming)).toMatchObject({ code: 'empty_frame', closeCode: undefined })
  })

  it.each(['AAAA\n', ' AAAA', 'AAA', 'AA==AAAA', 'AAB=', 'A-_A', '====', 'AAAAé'])('is proper base64 or refused: %j', (data) => {
    expect(refused(text(base64(), frame(0, data))).issues).toMatchObject([{ param: 'data_b64', code: 'invalid_base64' }])
  })

  it('is not taken in another way than was agreed', () => {
    const bytes = new Uint8Array(2)
    expect(refused(base64().decode(bytes, true))).toMatchObject({ code: 'unexpected_binary', closeCode: 1003 })
    expect(refused(text(agreed(), frame(0)))).toMatchObject({ code: 'unexpected_audio_frame', closeCode: 1003 })
    expect(refused(text(agreed({ isMsgpack: true }), '{}'))).toMatchObject({ code: 'unexpected_text', closeCode: 1003 })
    const msgpack = agreed({ isMsgpack: true })
    const inBase64 = refused(packed(msgpack, { type: 'audio_frame', seq: 0, data_b64: 'AAAA' }))
    expect(inBase64.issues).toMatchObject([{ param: 'data_b64', code: 'unknown_field' }])
    const inText = refused(packed(msgpack, { type: 'audio_frame', seq: 0, data: 'AAAA' }))
    expect(inText.issues).toMatchObject([{ param: 'data', code: 'invalid_type' }])
    expect(refused(packed(msgpack, { type: 'audio_frame', seq: 0 })).issues).toMatchObject([{ param: 'data', code: 'required' }])
    expect(refused(text(base64(), '{"type":"audio_frame","seq":0}')).issues).toMatchObject([
      { param: 'data_b64', code: 'required' },
    ])
    expect(refused(text(base64(), '{"type":"audio_frame","seq":0,"data":"AAAA"}')).issues).toMatchObject([
      { param: 'data', code: 'unknown_field' },
    ])
  })

  it('is not taken where no microphone was agreed, nor before anything was', () => {
    expect(refused(agreed({ audioIn: undefined }).decode(new Uint8Array(2), true))).toMatchObject({
      code: 'unexpected_sound',
      closeCode: 1003,
    })
    const early = createCodec({ isMsgpack: false, maxBytes, maxHelloValues })
    expect(refused(early.decode(new Uint8Array(2), true))).toMatchObject({ code: 'hello_expected', closeCode: 1008 })
    expect(refused(text(early, frame(0))).code).toBe('hello_expected')
    const packedEarly = createCodec({ isMsgpack: true, maxBytes, maxHelloValues })
    expect(refused(packed(packedEarly, { type: 'audio_frame', seq: 0, data: new Uint8Array(2) })).code).toBe('hello_expected')
  })

  it('is dropped where its number does not go on, and a new stream counts from where it likes', () => {
    const codec = base64()
    const seqs = [5, 6, 6, 4, 9, 9, 10]
    expect(seqs.map((seq) => text(codec, frame(seq)).type)).toEqual([
      'sound',
      'sound',
      'violation',
      'violation',
      'sound',
      'violation',
      'sound',
    ])
    expect(refused(text(codec, frame(1)))).toMatchObject({ code: 'frame_out_of_order', closeCode: undefined })
    expect(text(codec, '{"type":"audio_stream_start"}').type).toBe('message')
    expect(text(codec, frame(0)).type).toBe('sound')
  })
})

describe('a hello that is wrong', () => {
  const issuesOf = (value: object) =>
    refused(text(createCodec({ isMsgpack: false, maxBytes, maxHelloValues }), JSON.stringify(value))).issues?.map(
      ({ param, code }) => `${param}: ${code}`,
    )
  const hello = { type: 'hello', protocol_version: '1' }

  it('is told of its rates, too, whatever else is wrong with it', () => {
    expect(issuesOf({ ...hello, audio_in: { encoding: 'opus', sample_rate_hz: 12_345 } })).toEqual([
      'audio_in.encoding: invalid_enum',
      'audio_in.sample_rate_hz: invalid_enum',
    ])
    const audio_out = { encoding: 'mulaw', sample_rate_hz: 16_000 }
    expect(issuesOf({ ...hello, audio_out, tts: {} })).toEqual(['tts.voice: required', 'audio_out.sample_rate_hz: invalid_enum'])
    // What the schema has told of is told once, and what is right is not told of.
    expect(issuesOf({ ...hello, audio_in: { encoding: 'opus', sample_rate_hz: 100 } })).toHaveLength(2)
    expect(issuesOf({ ...hello, audio_in: { encoding: 'opus', sample_rate_hz: 44_100 } })).toHaveLength(1)
  })

  it('misses its type once', () => {
    const { issues } = refused(text(agreed(), '{}'))
    expect(issues?.map(({ param, code }) => [param, code])).toEqual([['type', 'required']])
    expect(issues?.[0]?.message).toContain('one of "hello", ')
  })
})
