import { parseWav, WavError } from '../../audio/wav.ts'
import type { SpeechUse } from '../../providers/catalogue/speech.ts'
import type { VoiceNeed } from '../messages/need.ts'
import type { HearingPlan, SoundBlock, SpeakingPlan } from './plan.ts'
import { voicesOf } from './speak/parts.ts'

/** What a request may need of voice, before anybody is asked. */

export interface NeedParts {
  /** In US dollars; undefined where there is no price. `model` is `provider/model`. */
  readonly costOf: (model: string, use: SpeechUse) => number | undefined
  /** The longest sound of all blocks together. */
  readonly mostSeconds: number
  /** How much of one answer is spoken, in UTF-16 units. */
  readonly mostCharacters: number
}

/** The most, as far as it is told cheaply; a fallback's price counts where it is higher, and what has no price counts nothing. */
export function voiceNeed(
  hearing: HearingPlan | undefined,
  speaking: SpeakingPlan | undefined,
  { costOf, mostSeconds, mostCharacters }: NeedParts,
): VoiceNeed {
  const seconds = (hearing?.blocks ?? []).reduce((sum, block) => sum + (mostSecondsOf(block) ?? mostSeconds), 0)
  const heardSeconds = Math.min(mostSeconds, seconds)
  const heard = hearing ? (costOf(hearing.model.id, { secondsHeard: heardSeconds }) ?? 0) : 0
  return {
    heardSeconds,
    dollars(outputTokens) {
      const characters = Math.min(mostCharacters, outputTokens * charactersPerToken)
      const use = { characters, secondsSpoken: characters / charactersPerSecond }
      const spoken = speaking ? voicesOf(speaking).map(({ id }) => costOf(id, use) ?? 0) : []
      return heard + Math.max(0, ...spoken)
    },
  }
}

/** As many seconds as so many bytes of compressed sound may last: voices need 16 kbit a second or more. */
export function mostSecondsOfBytes(bytes: number): number {
  return bytes / leastBytesPerSecond
}

const leastBytesPerSecond = 2000
const charactersPerToken = 4
/** Of somebody who speaks slowly. */
const charactersPerSecond = 10

/** Undefined where nothing tells it before the sound is fetched. */
function mostSecondsOf({ source, sampleRate, channels = 1 }: SoundBlock): number | undefined {
  if (source.type === 'url') return undefined
  const { mediaType, data } = source
  const bytes = Buffer.byteLength(data, 'base64')
  if (mediaType === 'audio/pcm' && sampleRate !== undefined) return bytes / (2 * sampleRate * channels)
  if (mediaType === 'audio/basic') return bytes / ((sampleRate ?? 8000) * channels)
  return wavSeconds(Buffer.from(data.slice(0, 4096), 'base64'), bytes) ?? mostSecondsOfBytes(bytes)
}

/** Of a file of so many bytes, by how it begins, where it is a WAV. */
function wavSeconds(head: Uint8Array, bytes: number): number | undefined {
  try {
    const { data, frames, rate } = parseWav(head)
    const before = data.byteOffset - head.byteOffset
    return frames === 0 ? undefined : ((bytes - before) * frames) / (data.length * rate)
  } catch (error) {
    if (error instanceof WavError) return undefined
    throw error
  }
}
