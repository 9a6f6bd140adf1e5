import { describe, expect, it } from 'vitest'
import { pcmToMulaw } from '../../../audio/g711.ts'
import { voiceNeed } from '../../../plugins/voice/need.ts'
import type { SoundBlock, SpeakingPlan, SpeakingVoice } from '../../../plugins/voice/plan.ts'
import type { SpeechUse } from '../../../providers/catalogue/speech.ts'
import { demoSpeech } from '../../../providers/demo/speech.ts'
import { demoTts } from '../../../providers/demo/speech-tts.ts'
import { chunk, fmt, riff } from '../../audio/wav-file.ts'
import { earAt } from './listening.ts'
import { blockOf, mp3, urlBlock, wavTone } from './sounds.ts'

const provider = earAt(['wav'])
const { stt } = provider
if (!stt) throw new TypeError('it hears')
const model = { provider, stt, name: 'sharp', id: 'ear/sharp' }
const parts = { costOf: () => undefined, mostSeconds: 1800, mostCharacters: 20_000 }

function secondsOf(...blocks: SoundBlock[]): number {
  return voiceNeed({ model, hints: [], blocks }, undefined, parts).heardSeconds
}

describe('how long sound may be', () => {
  const tone = wavTone(12_000)

  it.each([
    ['a WAV', blockOf(tone), 0.5],
    ['a WAV that says it is something else', blockOf(tone, 'audio/mpeg'), 0.5],
    ['a WAV of two channels', blockOf(wavTone(12_000, { channels: 2, float: true, bits: 32 })), 0.5],
    [
      'a WAV that claims to be short',
      blockOf(Buffer.concat([riff(fmt({ rate: 8000 }), chunk('data', Buffer.alloc(16))), tone.subarray(60)])),
      1.5,
    ],
    ['sound without a header', blockOf(tone.subarray(44), 'audio/pcm', { sampleRate: 8000, channels: 2 }), 0.75],
    ['µ-law', blockOf(pcmToMulaw(tone.subarray(44)), 'audio/basic'), 1.5],
    ['a file of MP3, by its size', blockOf(mp3(100)), 3.6],
    ['a WAV that cannot be read, by its size', blockOf(riff(chunk('LIST', Buffer.alloc(7980)))), 4],
    ['nothing', blockOf(Buffer.alloc(0)), 0],
    ['what is to be fetched, as all that is allowed', urlBlock('https://example.com/a'), 1800],
  ] as const)('is told of %s', (_, block, seconds) => {
    expect(secondsOf(block)).toBeCloseTo(seconds, 9)
  })

  it('is no more than what is allowed, all blocks together', () => {
    expect(secondsOf(blockOf(tone), blockOf(tone))).toBe(1)
    expect(secondsOf(blockOf(tone), urlBlock('https://example.com/a'), urlBlock('https://example.com/b'))).toBe(1800)
  })
})

describe('what voice may cost', () => {
  const voice = (id: string): SpeakingVoice => ({ provider: demoSpeech, tts: demoTts, name: 'tones', id, voice: 'soft' })
  const said = {
    language: undefined,
    textLanguage: undefined,
    speed: undefined,
    volume: undefined,
    emotion: undefined,
    alignment: false,
  }
  const plan: SpeakingPlan = {
    voice: voice('by/text'),
    fallbacks: [voice('by/sound'), voice('by/nobody')],
    format: 'wav',
    rate: 24_000,
    ...said,
  }
  const costOf = (id: string, { secondsHeard = 0, characters = 0, secondsSpoken = 0 }: SpeechUse): number | undefined =>
    ({ 'ear/sharp': secondsHeard, 'by/text': characters, 'by/sound': secondsSpoken * 20 })[id]

  it('is that of the dearest voice, for as much as the answer may have', () => {
    const { dollars } = voiceNeed(undefined, plan, { ...parts, costOf })
    expect(dollars(10)).toBe(80)
    expect(dollars(1e6)).toBe(40_000)
    expect(voiceNeed(undefined, { ...plan, fallbacks: [] }, { ...parts, costOf }).dollars(10)).toBe(40)
  })

  it('is that of hearing, too', () => {
    const hearing = { model, hints: [], blocks: [blockOf(wavTone(48_000))] }
    expect(voiceNeed(hearing, plan, { ...parts, costOf }).dollars(10)).toBe(82)
    expect(voiceNeed(hearing, undefined, { ...parts, costOf }).dollars(10)).toBe(2)
    expect(voiceNeed(hearing, plan, parts).dollars(10)).toBe(0)
  })
})
