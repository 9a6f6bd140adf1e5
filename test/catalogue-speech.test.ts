import { describe, expect, it } from 'vitest'
import { Catalogue } from '../providers/catalogue/catalogue.ts'
import { knownModels } from '../providers/catalogue/models.gen.ts'
import { readCatalogue } from '../providers/catalogue/read.ts'
import { knownSpeech } from '../providers/catalogue/speech.gen.ts'
import { type SpeechPrices, type SpeechUse, speechCost } from '../providers/catalogue/speech.ts'
import { demoSpeech } from '../providers/demo/speech.ts'

const vendors = ['deepgram', 'elevenlabs', 'google', 'openai', 'demo']
const source = { as_of: '2026-11-21', source: 'https://example.com/' }

describe.each(knownSpeech.map((entry) => [entry.id, entry] as const))('%s', (id, { display_name: name, speech }) => {
  it('belongs to a vendor that there is', () => {
    expect(vendors).toContain(id.slice(0, id.indexOf('/')))
    expect(name).toBeTruthy()
  })

  it('has a price for hearing or for speaking, and says where it is from', () => {
    const { as_of: day, source: from, ...prices } = { as_of: '', source: '', ...speech }
    expect(day).toMatch(/^2026-\d\d-\d\d$/)
    expect(from).toMatch(id.startsWith('demo/') ? /^made here$/ : /^https:\/\/[a-z.-]+\//)
    expect(Object.keys(prices)).toHaveLength(1)
  })

  it('costs about what such things cost', () => {
    const { per_minute_heard: heard = 0, per_million_characters: text = 0, per_minute_spoken: spoken = 0 } = speech ?? {}
    expect(heard).toBeLessThan(0.02)
    expect(spoken).toBeLessThan(0.1)
    expect(text).toBeLessThan(200)
    if (!id.startsWith('demo/')) expect(heard + text + spoken).toBeGreaterThan(0)
  })
})

it('no model of speech is taken for one of language', () => {
  const language = new Catalogue(knownModels)
  expect(knownSpeech.filter(({ id }) => language.find(id))).toEqual([])
})

it('all of the demo costs nothing', () => {
  const catalogue = new Catalogue(knownSpeech)
  const costs = [...(demoSpeech.stt?.models ?? []), ...(demoSpeech.tts?.models ?? [])].map(({ name }) => {
    const prices = catalogue.find(`demo/${name}`)?.speech
    return prices?.per_minute_heard === undefined
      ? speechCost(prices, { characters: 5 })
      : speechCost(prices, { secondsHeard: 5 })
  })
  expect(costs).toEqual([0, 0])
})

it('a day at the end of a name makes no difference, and nothing else is alike', () => {
  const catalogue = new Catalogue(knownSpeech)
  expect(catalogue.find('openai/gpt-4o-mini-tts-2025-12-15')?.speech?.per_minute_spoken).toBe(0.015)
  for (const id of ['openai/gpt-4o-transcribe-diarize', 'deepgram/nova-3-medical', 'cartesia/sonic-3']) {
    expect(catalogue.find(id)).toBeUndefined()
  }
})

describe('a cost', () => {
  const heard: SpeechPrices = { ...source, per_minute_heard: 0.006 }
  const byText: SpeechPrices = { ...source, per_million_characters: 30 }
  const bySound: SpeechPrices = { ...source, per_minute_spoken: 0.015 }

  it.each<[SpeechPrices, SpeechUse, number]>([
    [heard, { secondsHeard: 90 }, 0.009],
    [heard, { secondsHeard: 1 }, 0.0001],
    [heard, { secondsHeard: 0 }, 0],
    [byText, { characters: 1000 }, 0.03],
    [byText, { characters: 1, secondsSpoken: 100 }, 0.000_03],
    [bySound, { characters: 1000, secondsSpoken: 40 }, 0.01],
    [{ ...byText, ...bySound }, { characters: 1000, secondsSpoken: 60 }, 0.045],
    [{ ...heard, ...byText }, { secondsHeard: 60, characters: 1000 }, 0.036],
    [{ ...source, per_minute_heard: 0 }, { secondsHeard: 3600 }, 0],
    [heard, {}, 0],
  ])('%j, %j: %d', (prices, use, cost) => {
    expect(speechCost(prices, use)).toBe(cost)
  })

  it.each<[SpeechPrices | undefined, SpeechUse]>([
    [undefined, { secondsHeard: 60 }],
    [byText, { secondsHeard: 60 }],
    [heard, { characters: 10 }],
    [heard, { secondsHeard: 60, characters: 10 }],
    [byText, { secondsSpoken: 10 }],
    [bySound, { characters: 10 }],
    [{ ...byText, ...bySound }, { characters: 10 }],
    [heard, { secondsHeard: Number.NaN }],
    [heard, { secondsHeard: -1 }],
  ])('is not known: %j, %j', (prices, use) => {
    expect(speechCost(prices, use)).toBeUndefined()
  })
})

describe("an operator's file", () => {
  const read = (file: unknown) => readCatalogue(file, knownSpeech, [...vendors, 'cartesia', 'house'])

  it('changes prices, adds some, and takes some away', () => {
    const { entries, problems } = read({
      'deepgram/nova-3': { speech: { per_minute_heard: 0.004 } },
      'cartesia/sonic-3': { speech: { per_million_characters: 37, as_of: '2026-11-01', source: 'our plan' } },
      'openai/whisper-1': { speech: null },
    })
    expect(problems).toEqual([])
    const catalogue = new Catalogue(entries)
    expect(catalogue.find('deepgram/nova-3')?.speech).toMatchObject({ per_minute_heard: 0.004, as_of: '2026-11-21' })
    expect(speechCost(catalogue.find('cartesia/sonic-3')?.speech, { characters: 1_000_000 })).toBe(37)
    expect(catalogue.find('openai/whisper-1')).not.toHaveProperty('speech')
  })

  it.each<[unknown, string]>([
    [{ per_minute_herd: 1 }, 'deepgram/nova-3: speech.per_minute_herd is not known; did you mean per_minute_heard?'],
    [
      { per_minute_heard: -1 },
      'deepgram/nova-3: speech.per_minute_heard: a number of US dollars, at least 0, is expected, not -1',
    ],
    [
      { per_million_characters: '30' },
      'deepgram/nova-3: speech.per_million_characters: a number of US dollars, at least 0, is expected, not "30"',
    ],
    [{ as_of: 'today' }, 'deepgram/nova-3: speech.as_of: a day as 2026-11-21 is expected, not "today"'],
    [{ source: null }, 'deepgram/nova-3: speech.source is missing'],
    [3, 'deepgram/nova-3: speech: a mapping is expected, not 3'],
  ])('with %j is refused', (speech, problem) => {
    expect(read({ 'deepgram/nova-3': { speech } }).problems).toEqual([problem])
  })
})
