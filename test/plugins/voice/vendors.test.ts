import { describe, expect, it } from 'vitest'
import { isProblem, Vendors } from '../../../plugins/voice/vendors.ts'
import { speechProviders } from '../../../providers/index.ts'

const vendors = new Vendors(speechProviders)

describe('the voice that a name stands for', () => {
  it.each([
    ['demo/soft', undefined, 'demo/tones', 'soft'],
    ['soft', 'demo/tones', 'demo/tones', 'soft'],
    ['demo/soft', 'demo/tones', 'demo/tones', 'soft'],
    ['soft', 'demo', 'demo/tones', 'soft'],
    ['deepgram/aura-2-thalia-en', undefined, 'deepgram/aura-2', 'aura-2-thalia-en'],
    ['deepgram/flux-haley-en', 'deepgram/flux-tts', 'deepgram/flux-tts', 'flux-haley-en'],
    ['elevenlabs/a/b', undefined, 'elevenlabs/eleven_flash_v2_5', 'a/b'],
    ['team/anna', 'elevenlabs/eleven_v3', 'elevenlabs/eleven_v3', 'team/anna'],
  ])('is that of %s with %s', (voice, model, id, own) => {
    const found = vendors.speaking(voice, model)
    expect(isProblem(found) ? found : [found.id, found.voice]).toEqual([id, own])
  })

  it.each([
    ['nobody/soft', undefined, 'voice', 'unknown_provider', /no provider "nobody" that speaks/],
    ['demmo/soft', undefined, 'voice', 'unknown_provider', /did you mean demo\?/],
    ['soft', undefined, 'voice', 'unknown_voice', /provider\/voice, not "soft"/],
    ['demo/', undefined, 'voice', 'unknown_voice', /provider\/voice/],
    ['demo/soft', 'nobody/none', 'tts_model', 'unknown_provider', /no provider "nobody"/],
    ['demo/soft', 'elevenlabs/eleven_v3', 'voice', 'unknown_voice', /a voice of demo|a voice of Demo|cannot speak with/i],
  ])('is none: %s with %s', (voice, model, field, code, message) => {
    const found = vendors.speaking(voice, model)
    expect(found).toMatchObject({ field, code })
    expect(isProblem(found) && found.message).toMatch(message)
  })

  it('shows no more of a long name than it has to', () => {
    const found = vendors.speaking('x'.repeat(100_000), undefined)
    expect(isProblem(found) && found.message.length).toBeLessThan(500)
  })
})

describe('the model that hears', () => {
  it.each([
    ['demo/meter', 'demo/meter'],
    ['demo', 'demo/meter'],
    ['demo/', 'demo/meter'],
    ['deepgram', 'deepgram/nova-3'],
    ['deepgram/nova-2', 'deepgram/nova-2'],
    ['openai/of/tomorrow', 'openai/of/tomorrow'],
  ])('%s is %s', (named, id) => {
    const found = vendors.hearing(named)
    expect(isProblem(found) ? found : found.id).toBe(id)
  })

  it.each(['google/anything', 'nobody/none', ''])('%s does not', (named) => {
    expect(vendors.hearing(named)).toMatchObject({ code: 'unknown_provider' })
  })

  it('is never the demo where none is named', () => {
    const ids = vendors.usualHearing.map(({ provider }) => provider.id)
    expect(ids[0]).toBe('deepgram')
    expect(ids).not.toContain('demo')
    expect(ids).not.toContain('google')
  })
})
