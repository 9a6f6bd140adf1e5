import { cartesia } from '../../../providers/cartesia/index.ts'
import { deepgram } from '../../../providers/deepgram/index.ts'
import { elevenlabs } from '../../../providers/elevenlabs/index.ts'
import type { SpeechProvider, TtsOptions } from '../../../providers/speech.ts'
import { cartesiaKey, cartesiaVoice, startCartesia } from '../../upstreams/cartesia.ts'
import { soundOf as cartesiaSound } from '../../upstreams/cartesia-sound.ts'
import { deepgramKey, startDeepgram } from '../../upstreams/deepgram.ts'
import { soundOf as deepgramSound } from '../../upstreams/deepgram-speak.ts'
import { elevenLabsKey, knownVoices, startElevenLabs } from '../../upstreams/elevenlabs.ts'
import { soundOf as elevenLabsSound } from '../../upstreams/elevenlabs-sound.ts'
import type { Upstream } from '../../upstreams/upstream.ts'

/** The vendors that have lines, each with its simulator: one manner of telling them what goes slowly, and what their sound is. */
export interface Desk {
  readonly name: string
  readonly provider: SpeechProvider
  readonly model: string
  readonly key: string
  readonly options: TtsOptions
  /** What pieces of sound wait for, counted from 0 on each socket. */
  start(pace?: Pace): Promise<Upstream>
  /** The sound of a text; `follows` where it goes on with the one before. */
  soundOf(text: string, follows: boolean): Uint8Array
}

export type Pace = (piece: number) => Promise<void> | undefined

const format = { encoding: 'pcm', rate: 24_000 } as const
const query = new URLSearchParams('sample_rate=24000')

function deepgramDesk(name: string, model: string, voice: string): Desk {
  return {
    name,
    provider: deepgram,
    model,
    key: deepgramKey,
    options: { voice, format },
    start: (pace) => startDeepgram({ speak: { ...(pace && { pace: counted(pace) }) } }),
    soundOf: (text) => deepgramSound(text, query),
  }
}

/** Where a vendor counts the pieces of each text, those of all are counted. */
function counted(pace: Pace): Pace {
  let count = 0
  return () => pace(count++)
}

export const desks: readonly Desk[] = [
  {
    name: 'Cartesia',
    provider: cartesia,
    model: 'sonic-3.5',
    key: cartesiaKey,
    options: { voice: cartesiaVoice, format, alignment: true },
    start: (pace) => startCartesia({ speech: { strays: true, ...(pace && { pace }) } }),
    soundOf: (text, follows) => cartesiaSound(follows ? ` ${text}` : text, format),
  },
  {
    name: 'ElevenLabs',
    provider: elevenlabs,
    model: 'eleven_flash_v2_5',
    key: elevenLabsKey,
    options: { voice: knownVoices[0] ?? '', format, alignment: true },
    start: (pace) => startElevenLabs({ socket: { ...(pace && { pace }) } }),
    // A space before it, and one behind it.
    soundOf: (text) => joined([...pieces(` ${text} `)].map((piece) => elevenLabsSound('pcm_24000', piece) ?? new Uint8Array())),
  },
  deepgramDesk('Deepgram Aura', 'aura-2', 'aura-2-thalia-en'),
  deepgramDesk('Deepgram Flux', 'flux-tts', 'flux-haley-en'),
]

/** How many characters each piece has of which the simulator makes a tone of its own. */
function* pieces(text: string): Generator<number> {
  for (let at = 0; at < text.length; at += 40) yield Math.min(40, text.length - at)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts)
}
