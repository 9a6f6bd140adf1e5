import { describe, expect, it } from 'vitest'
import { rateFor } from '../../../audio/rate.ts'
import { type AskedOutput, askedOf } from '../../../plugins/voice/asked.ts'
import { hearingOf, speakingOf } from '../../../plugins/voice/check.ts'
import type { HearingModel, SpeakingVoice } from '../../../plugins/voice/plan.ts'
import { isProblem, Vendors } from '../../../plugins/voice/vendors.ts'
import { speechProviders } from '../../../providers/index.ts'

const vendors = new Vendors(speechProviders)

function model(id: string): HearingModel {
  const found = vendors.hearing(id)
  if (isProblem(found)) throw new TypeError(id)
  return found
}

function voice(id: string, of?: string): SpeakingVoice {
  const found = vendors.speaking(id, of)
  if (isProblem(found)) throw new TypeError(id)
  return found
}

const source = { type: 'base64', media_type: 'audio/wav', data: 'UklGRg==' }

function heard(blocks: readonly object[], voice: object = {}, id = 'deepgram/nova-3', most = 16) {
  const content = blocks.map((block) => ({ type: 'audio_stt', source, ...block }))
  const asked = askedOf({ voice, messages: [{ role: 'user', content }] })
  if (!asked) throw new TypeError('nothing is asked')
  const { plan, issues } = hearingOf(asked, model(id), most)
  return { plan, told: issues.map(({ param, code }) => [param, code]) }
}

const pcm = { source: { ...source, media_type: 'audio/pcm' } }
const basic = { source: { ...source, media_type: 'audio/basic' } }
const first = 'messages[0].content[0]'

describe('what is to be heard', () => {
  it.each([
    ['a file', {}],
    ['samples with a rate', { ...pcm, sample_rate: 8000, channels: 2 }],
    ['a telephone line', basic],
    ['a telephone line with a rate', { ...basic, sample_rate: 16_000 }],
    ['a URL', { source: { type: 'url', url: 'https://example.com/a.mp3' } }],
    ['a language', { language: 'en-GB' }],
  ])('can be: %s', (_, block) => {
    const { plan, told } = heard([block])
    expect(told).toEqual([])
    expect(plan.blocks).toHaveLength(1)
  })

  it.each([
    ['samples without a rate', pcm, `${first}.sample_rate`, 'required'],
    ['a rate beside a file', { sample_rate: 8000 }, `${first}.sample_rate`, 'conflict'],
    ['channels beside a file', { channels: 2 }, `${first}.channels`, 'conflict'],
    [
      'a rate beside a URL',
      { source: { type: 'url', url: 'https://a.b' }, sample_rate: 8000 },
      `${first}.sample_rate`,
      'conflict',
    ],
    ['a file of a provider', { source: { type: 'file', file_id: 'f' } }, `${first}.source`, 'unsupported_block'],
    ['what is no language', { language: 'English' }, `${first}.language`, 'invalid'],
    ['a language that is not known', { language: 'tlh' }, `${first}.language`, 'unsupported_language'],
  ])('cannot be: %s', (_, block, param, code) => {
    expect(heard([block]).told).toEqual([[param, code]])
  })

  it('cannot be samples in a block of audio, which cannot say their rate', () => {
    const asked = askedOf({ voice: { input: {} }, messages: [{ role: 'user', content: [{ type: 'audio', ...pcm }] }] })
    const issues = asked && hearingOf(asked, model('demo'), 16).issues
    expect(issues).toMatchObject([{ param: `${first}.source.media_type`, code: 'unsupported_media_type' }])
  })

  it('is told of every block, and of too many', () => {
    const { told } = heard([pcm, {}, { language: 'tlh' }], { input: { language: 'tlh', hints: ['a'] } }, 'deepgram/nova-3', 2)
    expect(told).toEqual(
      expect.arrayContaining([
        ['messages', 'too_large'],
        [`${first}.sample_rate`, 'required'],
        ['messages[0].content[2].language', 'unsupported_language'],
        ['voice.input.language', 'unsupported_language'],
      ]),
    )
    expect(new Set(told.map(([param]) => param)).size).toBe(told.length)
  })

  it("takes the request's language where a block has none", () => {
    const { plan } = heard([{}, { language: 'fr' }], { input: { language: 'de', hints: ['Aisling'] } })
    expect(plan.blocks.map(({ language }) => language)).toEqual(['de', 'fr'])
    expect(plan.hints).toEqual(['Aisling'])
  })

  it('has no hints where the model takes none', () => {
    expect(heard([{}], { input: { hints: ['a'] } }, 'demo/meter').told).toEqual([['voice.input.hints', 'unsupported_parameter']])
  })
})

const plain: AskedOutput = {
  voice: 'demo/soft',
  format: 'wav',
  sampleRate: undefined,
  speed: undefined,
  volume: undefined,
  emotion: undefined,
  language: undefined,
  alignment: false,
}

function spoken(id: string, changes: Partial<AskedOutput> = {}, fallbacks: readonly string[] = []) {
  const { plan, issues } = speakingOf(
    { ...plain, voice: id, ...changes },
    voice(id),
    fallbacks.map((each) => voice(each)),
  )
  return { plan, issues, told: issues.map(({ param }) => param) }
}

describe('what is to be spoken', () => {
  const every = [
    'demo/soft',
    'deepgram/aura-2-thalia-en',
    'openai/alloy',
    'google/en-US-Chirp3-HD-Kore',
    'elevenlabs/21m00Tcm4TlvDq8ikWAM',
  ]

  it.each(every.flatMap((id) => [8000, 11_025, 22_050, 44_100, 48_000].map((rate) => [id, rate] as const)))(
    'can be, by %s at %i',
    (id, sampleRate) => {
      const { plan, told } = spoken(id, { sampleRate })
      expect(told).toEqual([])
      expect(plan.rate).toBe(sampleRate)
    },
  )

  it('is at the best rate of the voice where none is asked for', () => {
    expect(spoken('demo/soft').plan.rate).toBe(24_000)
  })

  it.each([
    ['demo/soft', { format: 'mp3' as const }, 'voice.output.format'],
    ['demo/soft', { speed: 9 }, 'voice.output.speed'],
    ['demo/soft', { emotion: 'joy' }, 'voice.output.emotion'],
    ['demo/none', {}, 'voice.output.voice'],
    ['deepgram/aura-2-thalia-en', { volume: 0.5 }, 'voice.output.volume'],
    ['deepgram/aura-2-thalia-en', { language: 'fr' }, 'voice.output.language'],
    ['deepgram/aura-2-thalia-en', { format: 'mp3' as const, sampleRate: 8000 }, 'voice.output.sample_rate'],
  ])('cannot be by %s: %j', (id, changes, param) => {
    expect(spoken(id, changes).told).toEqual([param])
  })

  it('may say what changes nothing', () => {
    expect(spoken('deepgram/aura-2-thalia-en', { volume: 1, speed: 1 }).told).toEqual([])
  })

  it('goes on by fallback voices that can do what is asked, and not by the same voice', () => {
    const ids = (changes: Partial<AskedOutput>): string[] =>
      spoken('deepgram/aura-2-thalia-en', changes, [
        'deepgram/aura-2-thalia-en',
        'demo/soft',
        'openai/alloy',
        'demo/none',
      ]).plan.fallbacks.map(({ id, voice: name }) => `${id}/${name}`)
    expect(ids({})).toEqual(['demo/tones/soft', 'openai/gpt-4o-mini-tts/alloy'])
    expect(ids({ format: 'mp3' })).toEqual(['openai/gpt-4o-mini-tts/alloy'])
    expect(ids({ sampleRate: 11_025 })).toEqual(['demo/tones/soft', 'openai/gpt-4o-mini-tts/alloy'])
  })
})

describe('the rate that a vendor is asked for', () => {
  it.each([
    [24_000, [24_000, 16_000], 24_000],
    [16_000, [24_000, 16_000, 8000], 16_000],
    [11_025, [24_000, 16_000, 8000], 16_000],
    [48_000, [24_000, 16_000], 24_000],
    [8000, [24_000], 24_000],
  ] as const)('for %i of %j is %i', (rate, made, asked) => {
    expect(rateFor(rate, [made[0], ...made.slice(1)])).toBe(asked)
  })
})
