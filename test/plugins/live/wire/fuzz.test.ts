import { encode as pack, decode as unpack } from '@msgpack/msgpack'
import { describe, expect, it } from 'vitest'
import { type Codec, createCodec, type Incoming } from '../../../../plugins/live/wire/codec.ts'
import { violations } from '../../../../plugins/live/wire/violations.ts'
import { problemsWith } from '../../../contract-schemas.ts'
import { randomOf } from '../engines.ts'
import { clientMessages } from './examples.ts'

const mutants = Number(process.env.VAI_LIVE_MUTANTS ?? 20_000)

type Random = ReturnType<typeof randomOf>

/** Frames of every valid message, in an encoding. */
function valid(isMsgpack: boolean): Uint8Array[] {
  return clientMessages.map((message) => {
    if (!isMsgpack) return new TextEncoder().encode(JSON.stringify(message))
    if (message.type !== 'audio_frame') return pack(message)
    const { data_b64 = '', ...frame } = message
    return pack({ ...frame, data: Buffer.from(data_b64, 'base64') })
  })
}

/** A frame that one thing, or a few, were done to. */
function mutated(frames: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = one(frames, random)
  const times = random.between(1, 4)
  for (let time = 0; time < times; time++)
    bytes = mutations[random.between(0, mutations.length - 1)]?.(bytes, random, frames) ?? bytes
  return bytes
}

function one(frames: readonly Uint8Array[], random: Random): Uint8Array {
  return frames[random.between(0, frames.length - 1)] ?? new Uint8Array(0)
}

const mutations: readonly ((bytes: Uint8Array, random: Random, frames: readonly Uint8Array[]) => Uint8Array)[] = [
  // A byte becomes another: any, or one that means something to one of the encodings.
  (bytes, random) => bytes.with(random.between(0, bytes.length - 1), random.between(0, 255)),
  (bytes, random) => {
    const at = random.between(0, bytes.length - 1)
    return bytes.with(at, meaningful[random.between(0, meaningful.length - 1)] ?? 0)
  },
  // A bit turns.
  (bytes, random) => {
    const at = random.between(0, bytes.length - 1)
    return bytes.with(at, (bytes[at] ?? 0) ^ (1 << random.between(0, 7)))
  },
  // The end or a piece of the middle is missing; a piece stands twice; the end is another frame's.
  (bytes, random) => bytes.slice(0, random.between(1, bytes.length)),
  (bytes, random) => {
    const at = random.between(1, bytes.length)
    return concat(bytes.slice(0, at), bytes.slice(at + random.between(1, 8)))
  },
  (bytes, random) => {
    const at = random.between(0, bytes.length)
    return concat(bytes.slice(0, at), bytes.slice(Math.max(0, at - random.between(1, 30))))
  },
  (bytes, random, frames) =>
    concat(bytes.slice(0, random.between(1, bytes.length)), one(frames, random).slice(random.between(0, 40))),
]

const meaningful = [
  0, 0x22, 0x2c, 0x2d, 0x3a, 0x5b, 0x5d, 0x65, 0x7b, 0x7d, 0x81, 0x91, 0xa1, 0xc0, 0xc1, 0xc4, 0xc6, 0xcb, 0xcf, 0xd3, 0xd6, 0xdb,
  0xdd, 0xdf, 0xff,
]

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

function codecOf(isMsgpack: boolean, random: Random): Codec {
  const codec = createCodec({ isMsgpack, maxBytes: 100_000, maxHelloValues: 100_000 })
  if (random.chance(0.9))
    codec.agree({
      audioTransport: random.chance(0.5) ? 'binary' : 'base64_json',
      audioIn: random.chance(0.9) ? { encoding: 'pcm', rate: 16_000 } : undefined,
    })
  return codec
}

/** What is wrong with what came of a frame. */
function problemsOf(incoming: Incoming): unknown[] {
  switch (incoming.type) {
    case 'message':
      return problemsWith('LiveClientMessage', incoming.message)
    case 'sound':
      return incoming.bytes.length > 0 && incoming.bytes.length % 2 === 0 ? [] : ['half a sample']
    case 'violation':
      return Object.hasOwn(violations, incoming.violation.code) ? [] : [incoming.violation]
  }
}

describe.each([
  ['JSON', false],
  ['MessagePack', true],
])('whatever comes in place of a message in %s', (_, isMsgpack) => {
  const frames = valid(isMsgpack)

  it('is a message that the contract has, sound, or a violation', () => {
    const counts = { message: 0, sound: 0, violation: 0 }
    for (let seed = 0; seed < mutants; seed++) {
      const random = randomOf(seed)
      const frame = mutated(frames, random)
      const incoming = codecOf(isMsgpack, random).decode(frame, random.chance(0.02) ? !isMsgpack : isMsgpack)
      const problems = problemsOf(incoming)
      if (problems.length > 0) expect.fail(`seed ${seed}: ${JSON.stringify(problems)}`)
      counts[incoming.type]++
    }
    // Otherwise it was no test of anything.
    expect(Math.min(counts.message, counts.sound, counts.violation)).toBeGreaterThan(mutants / 1000)
  })

  it('is never taken for something else than other readers take it for', () => {
    for (let seed = 0; seed < mutants; seed++) {
      const random = randomOf(seed ^ 0xbad)
      const frame = mutated(frames, random)
      const codec = createCodec({ isMsgpack, maxBytes: 100_000, maxHelloValues: 100_000 })
      const incoming = codec.decode(frame, isMsgpack)
      if (incoming.type !== 'message') continue
      const other = isMsgpack ? unpack(frame) : JSON.parse(Buffer.from(frame).toString())
      expect(incoming.message, `seed ${seed}`).toEqual(other)
    }
  })
})
