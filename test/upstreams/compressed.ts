/**
 * Files of compressed sound without a codec: each frame and packet is as the formats want it, but holds bytes of `said` and then zeros where
 * a codec would put sound, so that what was said can be read from them. They last `ms`, in whole frames, or as long as the bytes take.
 */

/** MP3 of 48 kbit/s at 24 kHz behind an empty tag: 24 milliseconds a frame. */
export function mp3Of(said: string, ms = 0): Buffer {
  const bytes = Buffer.from(said)
  const frames = Math.max(2, Math.ceil(ms / mp3FrameMs), Math.ceil(bytes.length / mp3Room))
  const tag = Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 0])
  const sound = Buffer.alloc(frames * mp3FrameBytes)
  for (let index = 0; index < frames; index++) {
    sound.set([0xff, 0xf3, 0x64, 0xc4], index * mp3FrameBytes)
    sound.set(bytes.subarray(index * mp3Room, (index + 1) * mp3Room), index * mp3FrameBytes + mp3Start)
  }
  return Buffer.concat([tag, sound])
}

/** Ogg of Opus, one channel: 20 milliseconds a packet, a second a page. */
export function opusOf(said: string, ms = 0): Buffer {
  const bytes = Buffer.from(said)
  const count = Math.max(2, Math.ceil(ms / 20), Math.ceil(bytes.length / opusRoom))
  const packets = Array.from({ length: count }, (_, index) => {
    const packet = Buffer.alloc(1 + opusRoom)
    packet[0] = opusFrame
    packet.set(bytes.subarray(index * opusRoom, (index + 1) * opusRoom), 1)
    return packet
  })
  const head = Buffer.from([...Buffer.from('OpusHead'), 1, 1, 0, 0, 0xc0, 0x5d, 0, 0, 0, 0, 0])
  const tags = Buffer.concat([Buffer.from('OpusTags'), Buffer.alloc(8)])
  const pages = [oggPage(0, 2, 0, [head]), oggPage(1, 0, 0, [tags])]
  for (let at = 0; at < count; at += 50) {
    const end = Math.min(count, at + 50)
    pages.push(oggPage(pages.length, end === count ? 4 : 0, end * 960, packets.slice(at, end)))
  }
  return Buffer.concat(pages)
}

/** What was said in files that `mp3Of` made, one behind the other. */
export function saidInMp3(sound: Uint8Array): string {
  const said: number[] = []
  for (let at = 0; at < sound.length; ) {
    const isTag = sound[at] === 0x49
    if (!isTag) said.push(...sound.subarray(at + mp3Start, at + mp3FrameBytes))
    at += isTag ? 10 : mp3FrameBytes
  }
  return textOf(said)
}

/** What was said in files that `opusOf` made, one behind the other. */
export function saidInOpus(sound: Uint8Array): string {
  const said: number[] = []
  for (let at = 0; at < sound.length; ) {
    const body = at + 27 + (sound[at + 26] ?? 0)
    let end = body
    for (const size of sound.subarray(at + 27, body)) {
      if (sound[end] === opusFrame) said.push(...sound.subarray(end + 1, end + size))
      end += size
    }
    at = end
  }
  return textOf(said)
}

const mp3FrameMs = 24
const mp3FrameBytes = 144
/** Behind the header and what describes the frame. */
const mp3Start = 13
const mp3Room = mp3FrameBytes - mp3Start
/** One frame of 20 ms, one channel, of the whole band. */
const opusFrame = 0xf8
const opusRoom = 59

function textOf(bytes: readonly number[]): string {
  return Buffer.from(bytes.filter((byte) => byte !== 0)).toString()
}

function oggPage(sequence: number, flags: number, position: number, packets: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(27)
  header.write('OggS')
  header[5] = flags
  header.writeBigInt64LE(BigInt(position), 6)
  header.writeUInt32LE(7, 14)
  header.writeUInt32LE(sequence, 18)
  header[26] = packets.length
  const page = Buffer.concat([header, Buffer.from(packets.map(({ length }) => length)), ...packets])
  page.writeUInt32LE(oggSum(page), 22)
  return page
}

function oggSum(page: Uint8Array): number {
  let sum = 0
  for (const byte of page) {
    sum ^= byte << 24
    for (let bit = 0; bit < 8; bit++) sum = (sum << 1) ^ (sum < 0 ? 0x04c11db7 : 0)
  }
  return sum >>> 0
}
