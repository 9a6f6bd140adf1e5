import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CachedSpeech, SpeechCache } from '../../../plugins/voice/cache/cache.ts'
import { entryOf, speechOf } from '../../../plugins/voice/cache/entry.ts'
import { type CacheKeyParts, cacheKey } from '../../../plugins/voice/cache/key.ts'
import { MemorySpeechCache } from '../../../plugins/voice/cache/memory.ts'
import { layered } from '../../../plugins/voice/cache/open.ts'
import type { Alignment } from '../../../providers/speech.ts'

const parts: CacheKeyParts = {
  tenant: 'acme',
  provider: 'demo',
  origin: undefined,
  model: 'tones',
  voice: 'soft',
  format: { encoding: 'pcm', rate: 24_000 },
  language: undefined,
  speed: undefined,
  volume: undefined,
  emotion: undefined,
  alignment: false,
  text: 'Hello.',
}

describe('the key of a text', () => {
  it('is the same for the same parts, whatever their order', () => {
    const turned = Object.fromEntries(Object.entries(parts).reverse())
    expect(cacheKey({ ...parts, ...turned })).toBe(cacheKey(parts))
    expect(cacheKey(parts)).toMatch(/^[0-9a-f]{64}$/)
  })

  it.each<[string, Partial<CacheKeyParts>]>([
    ['the tenant', { tenant: 'other' }],
    ['no tenant', { tenant: undefined }],
    ['the provider', { provider: 'other' }],
    ['where it is reached', { origin: 'http://127.0.0.1:9/' }],
    ['the model', { model: 'other' }],
    ['the voice', { voice: 'other' }],
    ['the rate', { format: { encoding: 'pcm', rate: 16_000 } }],
    ['the format', { format: { encoding: 'mp3' } }],
    ['the language', { language: 'en' }],
    ['the speed', { speed: 1 }],
    ['the volume', { volume: 1 }],
    ['the emotion', { emotion: 'calm' }],
    ['the wish for times', { alignment: true }],
    ['the text', { text: 'Hello!' }],
  ])('is another with %s', (_, change) => {
    expect(cacheKey({ ...parts, ...change })).not.toBe(cacheKey(parts))
  })

  it('is not mistaken where one part ends as another begins', () => {
    const of = (model: string, voice: string): string => cacheKey({ ...parts, model, voice })
    expect(of('a","b', 'c')).not.toBe(of('a', 'b","c'))
    expect(of('ab', 'c')).not.toBe(of('a', 'bc'))
    // Halves of characters, which UTF-8 would make the same.
    expect(cacheKey({ ...parts, text: '\ud800' })).not.toBe(cacheKey({ ...parts, text: '\ud801' }))
    expect(cacheKey({ ...parts, tenant: 'null' })).not.toBe(cacheKey({ ...parts, tenant: undefined }))
  })
})

function speechOfBytes(size: number, alignments: readonly Alignment[] = []): CachedSpeech {
  return { bytes: new Uint8Array(size).fill(7), alignments, seconds: 1.5 }
}

describe('speech in memory', () => {
  it('is given back as it was, until something newer needs its room', async () => {
    const cache = new MemorySpeechCache(100_000)
    for (let index = 0; index < 20; index++) cache.put(`key${index}`, speechOfBytes(8000))
    expect(await cache.get('key0')).toBeUndefined()
    expect(await cache.get('key19')).toEqual(speechOfBytes(8000))
    expect(cache.bytes).toBeLessThanOrEqual(100_000)
  })

  it('is kept the longer the later it was asked for', async () => {
    const cache = new MemorySpeechCache(100_000)
    cache.put('asked for', speechOfBytes(8000))
    for (let index = 0; index < 50; index++) {
      cache.put(`key${index}`, speechOfBytes(8000))
      expect(await cache.get('asked for')).toBeDefined()
    }
  })

  it('is not kept where it is larger than a tenth of the whole', async () => {
    const cache = new MemorySpeechCache(100_000)
    cache.put('small', speechOfBytes(9000))
    cache.put('large', speechOfBytes(10_001))
    expect(await cache.get('large')).toBeUndefined()
    expect(await cache.get('small')).toBeDefined()
  })

  it('counts its times and its keys', async () => {
    const cache = new MemorySpeechCache(100_000)
    const many = Array.from({ length: 500 }, (_, index) => index)
    const alignment: Alignment = { kind: 'char', tokens: many.map(() => 'x'), startMs: many, durationMs: many }
    cache.put('times', speechOfBytes(100, [alignment]))
    expect(await cache.get('times')).toBeUndefined()
    cache.put('k'.repeat(10_000), speechOfBytes(100))
    expect(cache.bytes).toBe(0)
    for (let index = 0; index < 1000; index++) cache.put(`key${index}`, speechOfBytes(0))
    expect(cache.bytes).toBeGreaterThan(50_000)
    expect(cache.bytes).toBeLessThanOrEqual(100_000)
  })

  it('takes the place of what was kept under its name', async () => {
    const cache = new MemorySpeechCache(100_000)
    cache.put('key', speechOfBytes(5000))
    const before = cache.bytes
    cache.put('key', { ...speechOfBytes(5000), seconds: 2 })
    expect(cache.bytes).toBe(before)
    expect((await cache.get('key'))?.seconds).toBe(2)
    cache.close()
    expect(cache.bytes).toBe(0)
  })

  it('is copied once where it is part of something larger, and else not at all', async () => {
    const cache = new MemorySpeechCache(100_000)
    const [whole, large] = [new Uint8Array(100), new Uint8Array(1_000_000).fill(3)]
    cache.put('whole', { bytes: whole, alignments: [], seconds: undefined })
    cache.put('part', { bytes: large.subarray(10, 110), alignments: [], seconds: undefined })
    expect((await cache.get('whole'))?.bytes).toBe(whole)
    const part = (await cache.get('part'))?.bytes
    expect(part?.buffer.byteLength).toBe(100)
    expect(part).toEqual(large.subarray(10, 110))
    expect((await cache.get('part'))?.bytes).toBe(part)
  })

  it('never holds more than it may, and all that it says it holds', async () => {
    const put = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), size: fc.nat(12_000) })
    await fc.assert(
      fc.asyncProperty(fc.array(put, { maxLength: 60 }), async (puts) => {
        const cache = new MemorySpeechCache(30_000)
        for (const { key, size } of puts) {
          cache.put(key, speechOfBytes(size))
          expect(cache.bytes).toBeLessThanOrEqual(30_000)
        }
        const kept = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => cache.get(key)))
        const sound = kept.reduce((sum, speech) => sum + (speech?.bytes.length ?? 0), 0)
        expect(sound).toBeLessThanOrEqual(cache.bytes)
        expect(cache.bytes === 0).toBe(kept.every((speech) => speech === undefined))
      }),
    )
  })
})

describe('a cache before another', () => {
  it('has what the other has, once that was asked', async () => {
    const [near, far] = [new MemorySpeechCache(100_000), new MemorySpeechCache(100_000)]
    far.put('key', speechOfBytes(10))
    const both: SpeechCache = layered(near, far)
    expect(await near.get('key')).toBeUndefined()
    expect(await both.get('key')).toEqual(speechOfBytes(10))
    expect(await near.get('key')).toEqual(speechOfBytes(10))
    both.put('other', speechOfBytes(20))
    expect([await near.get('other'), await far.get('other')]).toEqual([speechOfBytes(20), speechOfBytes(20)])
    both.close()
    expect([near.bytes, far.bytes]).toEqual([0, 0])
  })
})

const anyAlignment: fc.Arbitrary<Alignment> = fc
  .array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.nat(), fc.nat()), { maxLength: 5 })
  .chain((tokens) =>
    fc.constantFrom<'char' | 'word'>('char', 'word').map((kind) => ({
      kind,
      tokens: tokens.map(([token]) => token),
      startMs: tokens.map(([, start]) => start),
      durationMs: tokens.map(([, , duration]) => duration),
    })),
  )
const anySpeech: fc.Arbitrary<CachedSpeech> = fc.record({
  bytes: fc.uint8Array({ maxLength: 200 }),
  alignments: fc.array(anyAlignment, { maxLength: 3 }),
  seconds: fc.option(
    fc.nat().map((units) => units / 1000),
    { nil: undefined },
  ),
})

describe('an entry', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(anySpeech, (speech) => {
        const read = speechOf(entryOf(speech))
        expect(read).toEqual({ ...speech, bytes: expect.any(Uint8Array) })
        expect(Buffer.compare(read?.bytes ?? Buffer.alloc(0), speech.bytes)).toBe(0)
      }),
    )
  })

  it('is not there where a byte of it is another, or is missing', () => {
    fc.assert(
      fc.property(anySpeech, fc.nat(), fc.integer({ min: 1, max: 255 }), (speech, place, change) => {
        const entry = entryOf(speech)
        const damaged = Buffer.from(entry)
        const at = place % entry.length
        damaged[at] = (damaged[at] ?? 0) ^ change
        expect(speechOf(damaged)).toBeUndefined()
        expect(speechOf(entry.subarray(0, at))).toBeUndefined()
        expect(speechOf(Buffer.concat([entry, Buffer.from([change])]))).toBeUndefined()
      }),
    )
  })

  it('is not there where the bytes are anything else', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => speechOf(Buffer.from(bytes)) === undefined))
  })
})
