import { once } from 'node:events'
import { decode as unpack } from '@msgpack/msgpack'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { LiveServerMessage } from '../../../../api/schemas.gen.ts'
import type { SoundMessage } from '../../../../plugins/live/transport.ts'
import { type Codec, createCodec } from '../../../../plugins/live/wire/codec.ts'
import { problemsWith } from '../../../contract-schemas.ts'
import { serverMessages } from './examples.ts'

type Way = 'binary' | 'base64_json' | 'msgpack'
const ways: readonly Way[] = ['binary', 'base64_json', 'msgpack']

function codecOf(way: Way): Codec {
  const codec = createCodec({ isMsgpack: way === 'msgpack', maxBytes: 1000, maxHelloValues: 1000 })
  codec.agree({ audioTransport: way === 'base64_json' ? way : 'binary', audioIn: undefined })
  return codec
}

/** What a client makes of a frame that is a message. */
function read(frame: string | Uint8Array): unknown {
  return typeof frame === 'string' ? JSON.parse(frame) : unpack(frame)
}

/** What a client makes of the frames of a piece of sound: its message, and its bytes. */
function readSound(frames: readonly (string | Uint8Array)[]): { message: Record<string, unknown>; bytes: number[] } {
  const [first = '', second] = frames
  const { audio, audio_b64, ...message } = Object(read(first))
  const bytes = audio ?? (typeof audio_b64 === 'string' ? Buffer.from(audio_b64, 'base64') : second)
  return { message, bytes: [...bytes] }
}

const alignment = { kind: 'word' as const, tokens: ['Ten', '“minutes”\n'], start_ms: [0, 180.5], dur_ms: [180, 320] }
const soundOf = (length: number, more: Partial<SoundMessage> = {}): SoundMessage => ({
  seq: 18,
  assistant_audio_id: 'audio_1',
  bytes: Uint8Array.from({ length }, (_, index) => index * 7),
  ...more,
})

describe.each(ways)('what is sent as %s', (way) => {
  const codec = codecOf(way)

  it.each(serverMessages)('is read by a client as it was meant: $type', (message) => {
    expect(read(codec.encode(message))).toEqual(message)
  })

  it.each([
    ['without times', undefined],
    ['with times', alignment],
  ])('has its sound and what belongs to it, %s', (_, times) => {
    for (const length of [1, 2, 255, 256, 960, 4800, 65_535, 65_536, 192_000]) {
      for (const seq of [1, 127, 128, 65_536, 2 ** 31]) {
        const sound = soundOf(length, { seq, ...(times && { alignment: times }) })
        const frames = codec.encodeSound(sound)
        const { message, bytes } = readSound(frames)
        expect(message).toEqual({
          type: way === 'binary' ? 'assistant_audio_chunk_header' : 'assistant_audio_chunk',
          seq,
          assistant_audio_id: 'audio_1',
          ...(way === 'binary' && { bytes: length }),
          ...(times && { alignment: times }),
        })
        expect(Buffer.from(bytes).equals(sound.bytes)).toBe(true)
        expect(frames.map((frame) => typeof frame)).toEqual(
          way === 'binary' ? ['string', 'object'] : [way === 'msgpack' ? 'object' : 'string'],
        )
      }
    }
  })

  it('fits the contract', () => {
    const [frame = ''] = codec.encodeSound(soundOf(4, { alignment }))
    const { audio, ...message } = Object(read(frame))
    expect(problemsWith('LiveServerMessage', message)).toEqual([])
    expect(audio === undefined).toBe(way !== 'msgpack')
  })

  it('tells each sound under its own id, whatever stands in one', () => {
    for (const assistant_audio_id of ['audio_1', 'audio_2', 'audio_1', 'say "so"\\\n', 'ö'.repeat(300)]) {
      expect(readSound(codec.encodeSound(soundOf(2, { assistant_audio_id }))).message.assistant_audio_id).toBe(assistant_audio_id)
    }
  })

  it('stays what it was when the sound it was made of changes, and may be a part of other bytes', () => {
    const memory = Uint8Array.from({ length: 64 }, (_, index) => index)
    const frames = codec.encodeSound(soundOf(0, { bytes: memory.subarray(5, 9) }))
    memory.fill(0)
    codec.encodeSound(soundOf(4))
    expect(readSound(frames).bytes).toEqual([5, 6, 7, 8])
  })

  it('can hold what is half a character, and what is nested deep', () => {
    let input: Record<string, unknown> = {}
    for (let level = 0; level < 400; level++) input = { input }
    const call: LiveServerMessage = { type: 'tool_call', seq: 1, tool_use_id: 'a', name: 'b', input }
    expect(read(codec.encode(call))).toEqual(call)
    const half = Object(read(codec.encode({ type: 'assistant_text_delta', seq: 1, turn_id: 'turn_1', text: 'a\ud83d' }))).text
    expect(half).toBe(way === 'msgpack' ? 'a\ufffd' : 'a\ud83d')
  })

  it('leaves out what is undefined', () => {
    const message = { ...serverMessages[0], stt_model: undefined }
    const { stt_model: _, ...expected } = message
    // What is read from elsewhere may have such members, whatever its type says.
    expect(read(codec.encode(JSON.parse(JSON.stringify(message))))).toEqual(expected)
  })
})

describe('a client', () => {
  it.each(ways)('receives over a socket what was sent as %s', async (way) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const codec = codecOf(way)
    const sound = soundOf(960, { alignment })
    const expected = serverMessages.length + (way === 'binary' ? 2 : 1)
    server.on('connection', (socket) => {
      for (const message of serverMessages) socket.send(codec.encode(message))
      for (const frame of codec.encodeSound(sound)) socket.send(frame)
    })
    const address = server.address()
    const client = new WebSocket(`ws://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`)
    onTestFinished(() => client.terminate())
    const frames = await new Promise<(string | Uint8Array)[]>((resolve) => {
      const got: (string | Uint8Array)[] = []
      client.on('message', (data: Buffer, isBinary: boolean) => {
        got.push(isBinary ? data : data.toString())
        if (got.length === expected) resolve(got)
      })
    })
    expect(frames.slice(0, serverMessages.length).map(read)).toEqual(serverMessages)
    expect(Buffer.from(readSound(frames.slice(serverMessages.length)).bytes).equals(sound.bytes)).toBe(true)
  })
})
