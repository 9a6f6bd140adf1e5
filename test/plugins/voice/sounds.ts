import type { SoundBlock } from '../../../plugins/voice/plan.ts'
import { chunk, fmt, riff } from '../../audio/wav-file.ts'

/** Files of sound as simple as they can be, and blocks that hold them. */

export function blockOf(bytes: Uint8Array, mediaType = 'audio/wav', changes: Partial<SoundBlock> = {}): SoundBlock {
  const source = { type: 'base64', mediaType, data: Buffer.from(bytes).toString('base64') } as const
  const said = { message: 0, language: undefined, sampleRate: undefined, channels: undefined }
  return { param: 'messages[0].content[0]', source, ...said, ...changes }
}

export function urlBlock(url: string, changes: Partial<SoundBlock> = {}): SoundBlock {
  return { ...blockOf(new Uint8Array()), source: { type: 'url', url }, ...changes }
}

/** The same blocks, each at a place of its own. */
export function inOrder(blocks: readonly SoundBlock[]): SoundBlock[] {
  return blocks.map((block, index) => ({ ...block, param: `messages[0].content[${index}]` }))
}

/** Frames of MPEG 2.5, layer III, 8 kbit/s at 8 kHz: 72 bytes and 72 ms each. */
export function mp3(frames: number): Buffer {
  const frame = Buffer.alloc(72, 0x55)
  frame.writeUInt32BE(0xffe31800)
  return Buffer.concat(Array.from({ length: frames }, () => frame))
}

/** A beginning and an end, which says how long it was. */
export function ogg(seconds: number): Buffer {
  const head = Buffer.concat([Buffer.from('OpusHead'), Buffer.from([1, 1, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0])])
  return Buffer.concat([oggPage(2, 0, head), oggPage(4, seconds * 48_000, Buffer.alloc(100, 1))])
}

function oggPage(flags: number, position: number, packet: Buffer): Buffer {
  const head = Buffer.alloc(28)
  head.write('OggS')
  head.writeUInt8(flags, 5)
  head.writeBigUInt64LE(BigInt(position), 6)
  head.writeUInt32LE(77, 14)
  head.writeUInt8(1, 26)
  head.writeUInt8(packet.length, 27)
  return Buffer.concat([head, packet])
}

/** What it says of itself, and the beginning of a frame. */
export function flac(seconds: number): Buffer {
  const info = Buffer.alloc(34)
  info.writeUInt32BE((44_100 << 12) >>> 0, 10)
  info.writeUInt32BE(seconds * 44_100, 14)
  return Buffer.concat([
    Buffer.from('fLaC'),
    Buffer.from([0x80, 0, 0, 34]),
    info,
    Buffer.from([0xff, 0xf8, 0xc9, 0x18]),
    Buffer.alloc(50, 1),
  ])
}

/** A tone in each channel of any WAV, half as loud as can be. */
export function wavTone(
  frames: number,
  { rate = 24_000, channels = 1, bits = 16, float = false, hertz = 440 }: WavShape = {},
): Buffer {
  const width = bits / 8
  const data = Buffer.alloc(frames * channels * width)
  for (let frame = 0, at = 0; frame < frames; frame++) {
    const value = 0.5 * Math.sin((2 * Math.PI * hertz * frame) / rate)
    for (let channel = 0; channel < channels; channel++, at += width) {
      if (float) data.writeFloatLE(value, at)
      else if (bits === 8) data.writeUInt8(128 + Math.round(value * 127), at)
      else data.writeIntLE(Math.round(value * (2 ** (bits - 1) - 1)), at, width)
    }
  }
  return riff(fmt({ tag: float ? 3 : 1, channels, rate, bits }), chunk('data', data))
}

export interface WavShape {
  readonly rate?: number
  readonly channels?: number
  readonly bits?: number
  readonly float?: boolean
  readonly hertz?: number
}
