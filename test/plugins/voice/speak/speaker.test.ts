import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { parseWav, wavHeader } from '../../../../audio/wav.ts'
import { demoSpeech } from '../../../../providers/demo/speech.ts'
import { Script } from '../../../../text/script.ts'
import { createSpoken } from '../../../../text/spoken.ts'
import { reply } from '../../../upstreams/behaviour.ts'
import { bytesOf, chunksOf, memoryCache, rate, restOf, soundOf, stageFor, staging, textOf } from './stage.ts'

const { voiceAt, stage, closeAll } = staging()
afterEach(closeAll)

function spoken(text: string): string {
  const reader = createSpoken()
  return reader.push(text) + reader.end()
}

const twoSentences = 'The first sentence is said. And here is the second one.'

describe('a speaker', () => {
  it('gives out each sentence with its sound, and a final chunk', async () => {
    const voice = await voiceAt()
    const { speaker, told } = stage(voice)
    const speaking = speaker()
    speaking.push(twoSentences)
    speaking.end()
    const events = await restOf(speaking)
    expect(textOf(events)).toBe(twoSentences)
    expect(bytesOf(events)).toEqual(
      Buffer.concat([soundOf('The first sentence is said.'), soundOf('And here is the second one.')]),
    )
    expect(chunksOf(events).map(({ seq }) => seq)).toEqual(events.map((_, index) => index))
    expect(chunksOf(events).filter(({ is_final: isFinal }) => isFinal)).toHaveLength(1)
    expect(events.at(-1)).toMatchObject({ audio: '', text: '', is_final: true, sample_rate_hz: rate, format: 'pcm' })
    expect(speaking.usage).toEqual({
      voice: { spoken_characters: 54, spoken_seconds: 0.054 },
      models: [{ id: 'ada/any', characters: 54, seconds: 0.054 }],
      voices: ['ada/ada'],
    })
    expect(told.firstAudio).toEqual(['ada'])
    expect(told.over).toEqual([27, 27].map((characters) => ({ provider: 'ada', outcome: 'ok', characters })))
  })

  it('speaks before the text is complete', async () => {
    const voice = await voiceAt()
    const speaking = stage(voice).speaker()
    speaking.push('The first sentence is said. And he')
    await voice.upstream.waitForRequest()
    const first = await speaking.next()
    expect(first).toMatchObject({ text: 'The first sentence is said. ', seq: 0, is_final: false })
    speaking.close()
    expect(await speaking.next()).toBeUndefined()
  })

  it('writes one WAV file over all chunks', async () => {
    const voice = await voiceAt()
    const speaking = stage(voice, { plan: { format: 'wav' } }).speaker()
    speaking.push(twoSentences)
    speaking.end()
    const bytes = bytesOf(await restOf(speaking))
    expect(bytes.subarray(0, 44)).toEqual(Buffer.from(wavHeader(rate)))
    expect(parseWav(bytes).frames).toBe(54 * 8)
  })

  it.each(['', '\n\n', '```\ncode\n```', '---', '…'])('says nothing of %j and ends all the same', async (text) => {
    const voice = await voiceAt()
    const speaking = stage(voice).speaker()
    speaking.push(text)
    speaking.end()
    expect(await restOf(speaking)).toEqual([expect.objectContaining({ audio: '', is_final: true, seq: 0, text: spoken(text) })])
    expect(voice.texts).toEqual([])
  })

  it('lets text that nobody would say go along with what follows', async () => {
    const voice = await voiceAt()
    const speaking = stage(voice).speaker()
    speaking.push('"…" \n\n Then he said it. …\n\n…')
    speaking.end()
    const events = await restOf(speaking)
    expect(textOf(events)).toBe(spoken('"…" \n\n Then he said it. …\n\n…'))
    expect(voice.texts.every((text) => /\w/.test(text))).toBe(true)
  })

  it('takes a pause for the end of a paragraph', async () => {
    const voice = await voiceAt()
    const speaking = stage(voice).speaker()
    speaking.push('Let me look')
    speaking.pause()
    await voice.upstream.waitForRequest()
    speaking.push('It rains.')
    speaking.end()
    const events = await restOf(speaking)
    expect(textOf(events)).toBe('Let me look\nIt rains.')
    expect(voice.texts).toEqual(['Let me look', 'It rains.'])
  })

  it('gives the same transcript and sound for any chunking, whatever order sentences are finished in', async () => {
    const voice = await voiceAt((text) =>
      reply(soundOf(text), { delayMs: text.length % 7, chunks: { seed: text.length, max: 999 } }),
    )
    const { speaker, answer } = stage(voice)
    const sentences = [
      'It is so. ',
      'Was it? ',
      'Hello there, my friend! ',
      '…',
      '\n\n',
      '# Title\n',
      '- item\n',
      'Über alles. ',
      '你好。',
      '😀 ',
      '`x` ',
      '| a | b |\n|---|---|\n| 1 | 2 |\n',
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...sentences), { maxLength: 12 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 20 })),
        async (parts, cuts) => {
          const text = parts.join('')
          const speaking = speaker()
          for (let at = 0; at < text.length; ) {
            const length = cuts.next().value
            speaking.push(text.slice(at, at + length))
            at += length
          }
          speaking.end()
          const events = await restOf(speaking)
          const script = new Script({ language: answer.plan.language, maxCharacters: 300, firstClause: true })
          const lines = [...script.push(text), ...script.end()]
          expect(textOf(events)).toBe(spoken(text))
          expect(bytesOf(events)).toEqual(Buffer.concat(lines.map(({ say }) => soundOf(say))))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('speaks a thousand sentences in order', async () => {
    const voice = await voiceAt()
    const speaking = stage(voice).speaker()
    const sentences = Array.from({ length: 1000 }, (_, index) => `This is the sentence number ${index}.`)
    speaking.push(sentences.join(' '))
    speaking.end()
    const events = await restOf(speaking)
    expect(voice.texts).toHaveLength(1000)
    expect(bytesOf(events)).toEqual(Buffer.concat(sentences.map((sentence) => soundOf(sentence))))
    expect(textOf(events)).toBe(sentences.join(' '))
  }, 60_000)

  it('asks for no more than two sentences ahead of the one that nobody has taken', async () => {
    const voice = await voiceAt()
    const speaking = stage(voice).speaker()
    speaking.push('This is one sentence. This is another one. And here is a third. And a fourth comes. And a fifth one.')
    speaking.end()
    await voice.upstream.waitForRequest(3)
    await speaking.next()
    expect(voice.texts).toHaveLength(3)
    await speaking.next()
    await voice.upstream.waitForRequest(4)
    await restOf(speaking)
    expect(voice.texts).toHaveLength(5)
  })

  it('is not silent about text that is too long to be spoken', async () => {
    const voice = await voiceAt()
    const speaking = stage(voice, { limits: { maxCharacters: 60 } }).speaker()
    speaking.push(`${twoSentences} And here is what is too much. And more.`)
    speaking.end()
    const events = await restOf(speaking)
    expect(textOf(events)).toBe(`${twoSentences} `)
    expect(events.at(-1)).toMatchObject({
      type: 'audio_unavailable',
      error: { code: 'speech_too_long', type: 'invalid_request_error' },
    })
  })

  it('tells times from the beginning of each sentence', async () => {
    const voice = await voiceAt()
    const speaking = stage(voice, { plan: { alignment: true } }).speaker()
    speaking.push(twoSentences)
    speaking.end()
    const chunks = chunksOf(await restOf(speaking)).filter(({ alignment }) => alignment)
    expect(chunks.map(({ alignment }) => alignment?.tokens)).toEqual(
      twoSentences.match(/.*?\. ?/g)?.map((each) => each.trim().split(' ')),
    )
    expect(chunks.map(({ alignment }) => alignment?.start_ms[1])).toEqual([4, 4])
    expect(chunks.every(({ text, audio }) => text !== '' && audio !== '')).toBe(true)
  })

  it('speaks with the demo at any rate', async () => {
    const { tts } = demoSpeech
    if (!tts) throw new TypeError('it speaks')
    const voice = {
      provider: demoSpeech,
      tts,
      name: 'tones',
      id: 'demo/tones',
      voice: tts.capabilities('tones').voices?.[0] ?? '',
    }
    const lengths: number[] = []
    for (const wanted of [24_000, 8000, 10_000]) {
      const made = stageFor(voice, { plan: { rate: wanted, alignment: true } })
      const speaking = made.speaker()
      speaking.push('One two three four. Five six seven eight.')
      speaking.end()
      const events = await restOf(speaking)
      expect(events.at(-1)).toMatchObject({ is_final: true, sample_rate_hz: wanted })
      lengths.push(bytesOf(events).length / 2 / wanted)
      await made.close()
    }
    for (const seconds of lengths) expect(seconds).toBeCloseTo(lengths[0] ?? 0, 3)
  })

  it('takes from the cache what was spoken before, and charges nothing for it', async () => {
    const voice = await voiceAt()
    const cache = memoryCache()
    const { speaker, told } = stage(voice, { cache, plan: { alignment: true } })
    const runs = []
    for (let count = 0; count < 2; count++) {
      const speaking = speaker()
      speaking.push(twoSentences)
      speaking.end()
      const events = await restOf(speaking)
      runs.push({
        text: textOf(events),
        bytes: bytesOf(events),
        times: chunksOf(events)
          .map(({ alignment }) => alignment)
          .filter(Boolean),
      })
      expect(speaking.usage.voice).toEqual({ spoken_characters: count === 0 ? 54 : 0, spoken_seconds: 0.054 })
    }
    expect(runs[1]).toEqual(runs[0])
    expect(voice.texts).toHaveLength(2)
    expect(told.cache).toEqual(['miss', 'miss', 'hit', 'hit'])
  })

  it('gives out large sound from the cache in pieces', async () => {
    const voice = await voiceAt()
    const cache = memoryCache()
    cache.get = async () => ({ bytes: Buffer.alloc(200_000, 1), alignments: [], seconds: undefined })
    const speaking = stage(voice, { cache }).speaker()
    speaking.push('A sentence from the cache.')
    speaking.end()
    const sizes = chunksOf(await restOf(speaking)).map(({ audio }) => Buffer.from(audio, 'base64').length)
    expect(sizes).toEqual([65_536, 65_536, 65_536, 3392, 0])
  })
})
