import { describe, expect, it } from 'vitest'
import { MemorySpeechCache } from '../../../plugins/voice/cache/memory.ts'
import { everybody, KeptSentences, operators } from '../../../plugins/voice/kept.ts'
import type { CachedSound } from '../../../plugins/voice/speak/parts.ts'

const sound: CachedSound = {
  scope: 'tenant:acme',
  provider: 'demo',
  model: 'tones',
  voice: 'soft',
  format: 'pcm',
  rate: 24_000,
  speed: undefined,
  volume: undefined,
  emotion: undefined,
  language: undefined,
  alignment: false,
  text: 'Hello.',
}
const nowhere = new Map<string, URL>()
const speech = (byte: number) => ({ bytes: new Uint8Array(10).fill(byte), alignments: [], seconds: 1 })

describe('sentences that are kept', () => {
  it('are found by whose they are, and by nobody else', async () => {
    const kept = new KeptSentences(new MemorySpeechCache(100_000), nowhere)
    kept.put(kept.keyOf(sound), speech(1))
    expect((await kept.get(kept.keyOf({ ...sound })))?.bytes[0]).toBe(1)
    for (const scope of ['tenant:globex', 'key:acme', 'anonymous', everybody, operators]) {
      expect(await kept.get(kept.keyOf({ ...sound, scope })), scope).toBeUndefined()
    }
  })

  it.each([
    { provider: 'other' },
    { model: 'other' },
    { voice: 'low' },
    { format: 'mp3' as const, rate: undefined },
    { rate: 16_000 },
    { speed: 1.1 },
    { volume: 0.5 },
    { emotion: 'joy' },
    { language: 'en' },
    { alignment: true },
    { text: 'Hello!' },
  ])('are not taken for others: %j', async (change) => {
    const kept = new KeptSentences(new MemorySpeechCache(100_000), nowhere)
    kept.put(kept.keyOf(sound), speech(1))
    expect(await kept.get(kept.keyOf({ ...sound, ...change }))).toBeUndefined()
  })

  it('are not taken for those of another server of the same name', async () => {
    const cache = new MemorySpeechCache(100_000)
    const at = (url: string) => new KeptSentences(cache, new Map([[sound.provider, new URL(url)]]))
    const kept = at('http://127.0.0.1:9/v1')
    kept.put(kept.keyOf(sound), speech(1))
    const other = at('http://127.0.0.1:10/v1')
    expect(await other.get(other.keyOf(sound))).toBeUndefined()
  })

  it("are for all where they are the operator's, and never given up", async () => {
    const kept = new KeptSentences(undefined, nowhere)
    kept.put(kept.keyOf({ ...sound, scope: operators }), speech(7))
    for (const scope of [operators, everybody, 'tenant:acme', 'anonymous']) {
      expect((await kept.get(kept.keyOf({ ...sound, scope })))?.bytes[0], scope).toBe(7)
    }
    kept.put(kept.keyOf({ ...sound, text: 'Other.' }), speech(1))
    expect(await kept.get(kept.keyOf({ ...sound, text: 'Other.' }))).toBeUndefined()
  })

  it("are the operator's before one's own", async () => {
    const kept = new KeptSentences(new MemorySpeechCache(100_000), nowhere)
    kept.put(kept.keyOf(sound), speech(1))
    kept.put(kept.keyOf({ ...sound, scope: operators }), speech(7))
    expect((await kept.get(kept.keyOf(sound)))?.bytes[0]).toBe(7)
  })
})
