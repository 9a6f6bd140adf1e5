import { pcmToMulaw } from '../../audio/g711.ts'
import { bytesIn, samplesOfMs } from '../../audio/pcm.ts'

/** How long the simulated voice takes for a character, in milliseconds. */
export const msPerCharacter = 60

/** What a text of so many characters sounds like in one of the vendor's formats: a soft tone. Undefined where there is no such format. */
export function soundOf(format: string, characters: number): Uint8Array | undefined {
  const [codec, rate = ''] = format.split('_')
  const ms = characters * msPerCharacter
  switch (codec) {
    case 'pcm':
      return pcmRates.has(rate) ? tone(ms, Number(rate)) : undefined
    case 'ulaw':
      return rate === '8000' ? pcmToMulaw(tone(ms, 8000)) : undefined
    case 'mp3':
      return mp3Formats.has(format) ? mp3(ms) : undefined
    case 'opus':
      return opusFormats.has(format) ? opus(ms) : undefined
    default:
      return undefined
  }
}

const pcmRates: ReadonlySet<string> = new Set(['8000', '16000', '22050', '24000', '32000', '44100', '48000'])
const mp3Formats: ReadonlySet<string> = new Set([
  'mp3_22050_32',
  'mp3_24000_48',
  ...[32, 64, 96, 128, 192].map((rate) => `mp3_44100_${rate}`),
])
const opusFormats: ReadonlySet<string> = new Set([32, 64, 96, 128, 192].map((rate) => `opus_48000_${rate}`))

function tone(ms: number, rate: number): Uint8Array {
  const samples = new Int16Array(samplesOfMs(ms, rate))
  for (let at = 0; at < samples.length; at++) samples[at] = Math.round(6000 * Math.sin((2 * Math.PI * 220 * at) / rate))
  return bytesIn(samples)
}

/** Silent frames of 128 kbit/s at 44.1 kHz. */
function mp3(ms: number): Uint8Array {
  const frame = new Uint8Array(417)
  frame.set([0xff, 0xfb, 0x90, 0xc4])
  const frames = Math.ceil((ms * 44.1) / 1152)
  const file = new Uint8Array(frames * frame.length)
  for (let index = 0; index < frames; index++) file.set(frame, index * frame.length)
  return file
}

/** An Ogg file of a first page that says Opus, and a last one that says how long. */
function opus(ms: number): Uint8Array {
  const head = Buffer.concat([Buffer.from('OpusHead'), Buffer.from([1, 1, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0])])
  return Buffer.concat([oggPage(head, 0), oggPage(Buffer.alloc(200, 0xfc), ms * 48)])
}

function oggPage(payload: Uint8Array, position: number): Buffer {
  const header = Buffer.alloc(28)
  header.write('OggS')
  header.writeUInt32LE(position, 6)
  header.writeUInt32LE(7, 14)
  header[26] = 1
  header[27] = payload.length
  return Buffer.concat([header, payload])
}

/** The times of a text's characters, in milliseconds from `startMs`. */
export function timesOf(text: string, startMs = 0): { characters: string[]; starts: number[]; durations: number[] } {
  const characters = [...text]
  return {
    characters,
    starts: characters.map((_, at) => startMs + at * msPerCharacter),
    durations: characters.map(() => msPerCharacter),
  }
}
