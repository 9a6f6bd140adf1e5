import { afterEach, describe, expect, it } from 'vitest'
import { Cancelled } from '../../../../api/error.ts'
import type { ContentBlock } from '../../../../api/schemas.gen.ts'
import { parseWav } from '../../../../audio/wav.ts'
import { UsageMeter } from '../../../../plugins/voice/speak/usage.ts'
import { speakWhole } from '../../../../plugins/voice/speak/whole.ts'
import { until } from '../../../until.ts'
import { reply, silence } from '../../../upstreams/behaviour.ts'
import { type Answering, memoryCache, soundOf, type stageFor, staging } from './stage.ts'

const { voiceAt, stage, closeAll } = staging()
afterEach(closeAll)

function says(...texts: string[]): ContentBlock[] {
  return texts.map((text) => ({ type: 'text', text }))
}

const sentences = ['The first sentence is said.', 'And here is the second one.', 'It is the third that ends it.']
const sound = Buffer.concat(sentences.map((each) => soundOf(each)))

describe('an answer in one piece', () => {
  it('is one WAV file of all its sentences, in order, however late each is', async () => {
    const voice = await voiceAt((text) => reply(soundOf(text), { delayMs: text === sentences[0] ? 30 : 0, chunks: { seed: 3 } }))
    const { parts, answer } = stage(voice, { plan: { format: 'wav', alignment: true } })
    const meter = new UsageMeter()
    const { block, unavailable } = await speakWhole(says(sentences.join(' ')), parts, answer, meter)
    const file = parseWav(Buffer.from(block?.source.data ?? '', 'base64'))
    expect(Buffer.from(file.data)).toEqual(sound)
    expect(block).toMatchObject({
      type: 'audio',
      source: { type: 'base64', media_type: 'audio/wav' },
      sample_rate_hz: 8000,
      transcript: sentences.join(' '),
    })
    // One millisecond a character, and none for the space between sentences.
    const tokens = sentences.flatMap((each) => each.split(' '))
    expect(block?.alignment?.tokens).toEqual(tokens)
    expect(block?.alignment?.start_ms.slice(0, 7)).toEqual([0, 4, 10, 19, 22, 27, 31])
    expect(meter.usage.voice).toEqual({ spoken_characters: 83, spoken_seconds: 0.083 })
    expect(unavailable).toBeUndefined()
  })

  it('is nothing where there is nothing to say', async () => {
    const voice = await voiceAt()
    const { parts, answer } = stage(voice)
    const tool: ContentBlock = { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }
    for (const content of [[], [tool], says('```\ncode\n```'), says('…')]) {
      const meter = new UsageMeter()
      expect(await speakWhole(content, parts, answer, meter)).toEqual({})
      expect(meter.usage).toEqual({ voice: { spoken_characters: 0, spoken_seconds: 0 }, models: [], voices: [] })
    }
    expect(voice.texts).toEqual([])
  })

  it('takes as few calls for compressed sound as the voice allows', async () => {
    const voice = await voiceAt(undefined, 'ada', { maxCharacters: 60 })
    const { parts, answer } = stage(voice, { plan: { format: 'mp3' } })
    const { block } = await speakWhole(says(sentences.join(' ')), parts, answer)
    expect(voice.texts).toEqual([`${sentences[0]} ${sentences[1]}`, sentences[2]])
    expect(block).toMatchObject({ source: { media_type: 'audio/mpeg' }, transcript: sentences.join(' ') })
    expect(block).not.toHaveProperty('sample_rate_hz')
    expect(Buffer.from(block?.source.data ?? '', 'base64')).toEqual(
      Buffer.concat(voice.texts.map((each) => Buffer.from(soundOf(each)))),
    )
  })

  it('tells times over several calls of compressed sound', async () => {
    // Frames of 1,152 samples at 44,100 a second, 128 kbit.
    const frame = Buffer.alloc(417)
    frame.set([0xff, 0xfb, 0x90, 0x00])
    const voice = await voiceAt(() => reply(Buffer.concat(Array.from({ length: 10 }, () => frame))), 'ada', { maxCharacters: 30 })
    const { parts, answer } = stage(voice, { plan: { format: 'mp3', alignment: true } })
    const meter = new UsageMeter()
    const { block } = await speakWhole(says(sentences.join(' ')), parts, answer, meter)
    const seconds = 11_520 / 44_100
    expect(meter.usage.voice.spoken_seconds).toBeCloseTo(3 * seconds, 3)
    const starts = block?.alignment?.start_ms ?? []
    expect([starts[0], starts[5], starts[11]]).toEqual([0, seconds * 1000, 2 * seconds * 1000].map((ms) => expect.closeTo(ms, 2)))
  })

  it('finds in the cache what was spoken while it was written', async () => {
    const voice = await voiceAt()
    const cache = memoryCache()
    const { parts, answer, speaker } = stage(voice, { cache })
    const speaking = speaker()
    speaking.push(sentences.join(' '))
    speaking.end()
    while (await speaking.next());
    const meter = new UsageMeter()
    const { block } = await speakWhole(says(sentences.join(' ')), parts, answer, meter)
    expect(Buffer.from(block?.source.data ?? '', 'base64')).toEqual(sound)
    expect(meter.usage).toMatchObject({ voice: { spoken_characters: 0, spoken_seconds: 0.083 }, models: [] })
    expect(voice.texts).toHaveLength(3)
  })

  it.each<[string, Parameters<typeof stageFor>[1], Answering, string]>([
    ['a sentence fails', {}, (text) => (text === sentences[2] ? reply('no', { status: 500 }) : undefined), 'provider_error'],
    ['its text is too long', { limits: { maxCharacters: 50 } }, () => undefined, 'speech_too_long'],
    ['its sound is too large', { limits: { maxBytes: 1000 } }, () => undefined, 'speech_too_long'],
  ])('says why there is none where %s', async (_, options, answering, code) => {
    const { parts, answer } = stage(await voiceAt(answering), options)
    const speech = await speakWhole(says(sentences.join(' ')), parts, answer)
    expect(speech.block).toBeUndefined()
    expect(speech.unavailable).toMatchObject({ code })
  })

  describe.each(['pcm', 'mp3'] as const)('in %s, of which a sentence breaks off in its middle', (format) => {
    // Each sentence is a call of its own in either format.
    const longest = { maxCharacters: 30 }
    const breaksOff = (text: string) => reply(soundOf(text), { chunks: { size: 64 }, dieAt: 128 })
    const dataOf = (block: { source: { data: string } } | undefined) => Buffer.from(block?.source.data ?? '', 'base64')

    it.each([[[0]], [[1]], [[0, 1, 2]]])('once has it anew in whole (%j)', async (broken) => {
      const isBroken = (text: string) => broken.includes(sentences.indexOf(text))
      const voice = await voiceAt((text, take) => (take === 0 && isBroken(text) ? breaksOff(text) : undefined), 'ada', longest)
      const cache = memoryCache()
      const { parts, answer } = stage(voice, { plan: { format }, cache })
      const meter = new UsageMeter()
      const { block, unavailable } = await speakWhole(says(sentences.join(' ')), parts, answer, meter)
      expect(unavailable).toBeUndefined()
      const whole = sentences.map((each) => soundOf(each, 'ada', isBroken(each) ? 1 : 0))
      expect(dataOf(block)).toEqual(Buffer.concat(whole))
      expect([...cache.entries.values()].map(({ bytes }) => Buffer.from(bytes).toString('hex')).sort()).toEqual(
        whole.map((each) => Buffer.from(each).toString('hex')).sort(),
      )
      // The vendor has had the text of what broke off, too.
      const broke = sentences.filter(isBroken).join('').length
      expect(meter.usage.voice.spoken_characters).toBe(83)
      expect(meter.usage.models).toMatchObject([{ id: 'ada/any', characters: 83 + broke }])
      expect(meter.usage.voices).toEqual(['ada/ada'])
    })

    it.each([[[0]], [[1]], [[0, 1, 2]]])('for good has it from the beginning by another voice (%j)', async (broken) => {
      const at = Math.min(...broken)
      const isBroken = (text: string) => broken.includes(sentences.indexOf(text))
      const voice = await voiceAt((text) => (isBroken(text) ? breaksOff(text) : undefined), 'ada', longest)
      const other = await voiceAt(undefined, 'bob', longest)
      const { parts, answer } = stage(voice, { plan: { format }, fallbacks: [other.voice] })
      const meter = new UsageMeter()
      const { block, unavailable } = await speakWhole(says(sentences.join(' ')), parts, answer, meter)
      expect(unavailable).toBeUndefined()
      const all = sentences.map((each, index) => soundOf(each, index < at ? 'ada' : 'bob'))
      expect(dataOf(block)).toEqual(Buffer.concat(all))
      expect(meter.usage.voices).toEqual(at === 0 ? ['bob/bob'] : ['ada/ada', 'bob/bob'])
    })
  })

  it('tells what was used until now while it is being spoken, and when the caller leaves', async () => {
    const voice = await voiceAt((text) => (text === sentences[2] ? silence : undefined))
    const { parts, answer, told, abort } = stage(voice)
    const meter = new UsageMeter()
    const speech = speakWhole(says(sentences.join(' ')), parts, answer, meter)
    await voice.upstream.waitForRequest(3)
    await until(() => told.over.length === 2 && meter.usage.voice.spoken_seconds > 0.05)
    const used = {
      voice: { spoken_characters: 54, spoken_seconds: 0.054 },
      // The vendor has the third, too.
      models: [{ id: 'ada/any', characters: 83, seconds: 0.054 }],
      voices: ['ada/ada'],
    }
    expect(meter.usage).toEqual(used)
    abort()
    await expect(speech).rejects.toThrow(Cancelled)
    expect(meter.usage).toEqual(used)
  })

  it('is given up when the caller leaves', async () => {
    const voice = await voiceAt(() => silence)
    const { parts, answer, abort } = stage(voice)
    const speech = speakWhole(says(sentences.join(' ')), parts, answer)
    await voice.upstream.waitForRequest(3)
    abort()
    await expect(speech).rejects.toThrow(Cancelled)
    await voice.upstream.waitForClose(3)
  })
})
