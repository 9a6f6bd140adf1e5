import { afterEach, describe, expect, it } from 'vitest'
import { mulawToPcm } from '../../../../audio/g711.ts'
import { samplesIn } from '../../../../audio/pcm.ts'
import type { MouthParts } from '../../../../plugins/live/mouth/parts.ts'
import { sumServed } from '../../../../plugins/live/served.ts'
import { google } from '../../../../providers/google/index.ts'
import { openaiAudio } from '../../../../providers/openai-audio/index.ts'
import type { RawFormat } from '../../../../providers/speech.ts'
import { ManualClock } from '../../../manual-clock.ts'
import { desks, type Pace } from '../../../providers/lines/desks.ts'
import { Gate } from '../../../providers/lines/gate.ts'
import { until } from '../../../until.ts'
import { googleKey, saidIn, startGoogleTts } from '../../../upstreams/google-tts.ts'
import { openAiAudioKey, startOpenAiAudio } from '../../../upstreams/openai-audio.ts'
import type { Upstream } from '../../../upstreams/upstream.ts'
import { type Stage, stageFor, voiceOf } from './stage.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

const sentences = ['It is said that the fox, once it has jumped over the dog, rests. ', 'Then it sleeps. ', 'And dreams of dogs!']

describe.each(desks)('a session spoken by $name', ({ provider, model, key, options, start, soundOf }) => {
  async function started(
    pace?: Pace,
    parts: Partial<MouthParts> = {},
  ): Promise<{ readonly stage: Stage; readonly upstream: Upstream }> {
    const upstream = await start(pace)
    const keys = { [provider.id]: key }
    const urls = { [provider.id]: upstream.url }
    const stage = stageFor({ voice: voiceOf(provider, model, options.voice), keys, urls, parts })
    open.push(upstream, stage)
    return { stage, upstream }
  }

  /** What a turn of these sentences sounds like. */
  function turnOf(texts: readonly string[]): Buffer {
    return Buffer.concat(texts.map((text, index) => soundOf(text.trim(), index > 0)))
  }

  it('has a line before anybody speaks, and one for all turns', async () => {
    const { stage, upstream } = await started()
    await upstream.waitForSocket()
    for (const turn of [1, 2]) {
      for (const [index, text] of sentences.entries()) stage.speak(turn, index, text)
      await stage.said(turn, sentences.length)
      expect(stage.sound(turn).equals(turnOf(sentences))).toBe(true)
      stage.mouth.close(turn)
    }
    expect(upstream.sockets).toHaveLength(1)
    expect(sumServed(stage.mouth.served)).toBe(2 * sentences.map((text) => text.trim()).join('').length)
    expect(stage.outcomes).toEqual(Array.from({ length: 6 }, () => 'ok'))
  })

  it('tells of words before their sound, and of all of them', async () => {
    const { stage } = await started()
    for (const [index, text] of sentences.entries()) stage.speak(1, index, text)
    await stage.said(1, sentences.length)
    const told = stage.told.flatMap(({ event }) => (event.type === 'aligned' ? event.alignment.tokens : []))
    const given = stage.pieces.flatMap(({ piece }) => piece.alignment?.tokens ?? [])
    const letters = (tokens: readonly string[]): string => tokens.join('').replaceAll(' ', '')
    if (!options.alignment) expect([told, given]).toEqual([[], []])
    else expect([letters(told), letters(given)]).toEqual([letters(sentences), letters(sentences)])
    const starts = stage.pieces.flatMap(({ piece }) => piece.alignment?.startMs ?? [])
    expect(starts).toEqual([...starts].sort((a, b) => a - b))
  })

  it.each([
    ['before any sound', 0],
    ['within the sound', 1],
  ])('is interrupted %s, and speaks again on the same socket (pitfalls 8 and 10)', async (_, piece) => {
    const gate = new Gate()
    const { stage, upstream } = await started((at) => (at === piece ? gate.wait() : undefined))
    for (const [index, text] of sentences.entries()) stage.speak(1, index, text)
    await gate.reached
    if (piece > 0) await until(() => stage.pieces.length > 0)
    stage.mouth.close(1)
    const before = stage.told.length
    stage.speak(2, 0, sentences[1] ?? '')
    gate.open()
    await stage.said(2, 1)
    expect(stage.sound(2).equals(turnOf(sentences.slice(1, 2)))).toBe(true)
    expect(stage.told.slice(before).filter(({ turn }) => turn === 1)).toEqual([])
    expect(upstream.sockets).toHaveLength(1)
    expect(stage.outcomes).toEqual(['cancelled', 'ok'])
  })

  it('is interrupted while all of its sound waits, and speaks again on the same socket', async () => {
    const { stage, upstream } = await started()
    stage.isAnswering = false
    stage.speak(1, 0, sentences[1] ?? '')
    await until(() => stage.told.length > 0)
    stage.mouth.close(1)
    expect(stage.mouth.giveOut(1)).toBeUndefined()
    stage.isAnswering = true
    stage.speak(2, 0, sentences[2] ?? '')
    await stage.said(2, 1)
    expect(stage.sound(2).equals(turnOf(sentences.slice(2)))).toBe(true)
    expect(upstream.sockets).toHaveLength(1)
  })

  it('has a new line before it is needed when the vendor went away between turns', async () => {
    const clock = new ManualClock()
    const { stage, upstream } = await started(undefined, { clock })
    stage.speak(1, 0, sentences[1] ?? '')
    await stage.said(1, 1)
    clock.advance(60_000)
    upstream.sockets[0]?.close(1000)
    await upstream.waitForSocket(2)
    stage.speak(2, 0, sentences[2] ?? '')
    await stage.said(2, 1)
    expect(stage.sound(2).equals(turnOf(sentences.slice(2)))).toBe(true)
    expect(upstream.sockets.length).toBe(2)
  })

  it('says nothing of a line that was closed while a text was on its way', async () => {
    const { stage, upstream } = await started()
    stage.speak(1, 0, sentences[1] ?? '')
    await stage.said(1, 1)
    upstream.sockets[0]?.close(1000)
    stage.speak(2, 0, sentences[2] ?? '')
    await stage.said(2, 1)
    expect(stage.sound(2).equals(turnOf(sentences.slice(2)))).toBe(true)
    expect(upstream.sockets.length).toBe(2)
    expect(stage.told.filter(({ event }) => event.type === 'failed')).toEqual([])
  })

  it('fails when the line breaks, and what is asked again is spoken on another', async () => {
    const gate = new Gate()
    const { stage, upstream } = await started((at) => (at === 1 && upstream0() ? gate.wait() : undefined))
    function upstream0(): boolean {
      return upstream.sockets.length === 1
    }
    stage.speak(1, 0, sentences[0] ?? '')
    await gate.reached
    await until(() => stage.pieces.length > 0)
    upstream.sockets[0]?.drop()
    await stage.failed(1)
    expect(stage.outcomes).toEqual(['provider_disconnected'])
    const heard = stage.sound(1)
    stage.mouth.close(1)
    stage.speak(1, 0, sentences[0] ?? '', 2)
    await stage.said(1, 1)
    // What was given out of the first take is heard; then the sentence begins anew.
    expect(stage.sound(1).equals(Buffer.concat([heard, turnOf(sentences.slice(0, 1))]))).toBe(true)
    const again = stage.told.find(({ event }) => event.type === 'sound' && event.attempt === 2)
    expect(again?.event).toMatchObject({ fromMs: heard.length / 48 })
  })

  it('leaves nothing behind when it ends', async () => {
    const gate = new Gate()
    const { stage, upstream } = await started((at) => (at === 1 ? gate.wait() : undefined))
    stage.speak(1, 0, sentences[0] ?? '')
    await gate.reached
    await stage.mouth.end()
    await upstream.waitForConnections(0)
    stage.speak(2, 0, 'Hello?')
    expect(stage.mouth.giveOut(2)).toBeUndefined()
  })
})

describe('vendors without lines', () => {
  it('have sentences made side by side, and told of in order', async () => {
    const gate = new Gate()
    const upstream = await startOpenAiAudio()
    const keys = { openai: openAiAudioKey }
    const voice = voiceOf(openaiAudio, 'gpt-4o-mini-tts', 'alloy')
    const stage = stageFor({ voice, keys, urls: { openai: `${upstream.url}/v1` } })
    open.push(upstream, stage)
    stage.speak(1, 0, 'Good morning. ')
    stage.speak(1, 1, 'How are you?')
    await upstream.waitForRequest(2)
    await stage.said(1, 2)
    const order = stage.told.flatMap(({ event }) => ('sentence' in event ? [event.sentence] : []))
    expect(order).toEqual([...order].sort())
    gate.open()
  })

  it.each<RawFormat>([
    { encoding: 'pcm', rate: 16_000 },
    { encoding: 'pcm', rate: 8000 },
    { encoding: 'pcm', rate: 48_000 },
    { encoding: 'mulaw', rate: 8000 },
  ])('have the end of the sound resampled with the rest (pitfall 18): %j', async (audioOut) => {
    const upstream = await startOpenAiAudio()
    const keys = { openai: openAiAudioKey }
    const urls = { openai: `${upstream.url}/v1` }
    const voice = voiceOf(openaiAudio, 'gpt-4o-mini-tts', 'alloy')
    const plain = stageFor({ voice, keys, urls })
    const stage = stageFor({ voice, keys, urls, audioOut })
    open.push(upstream, plain, stage)
    for (const each of [plain, stage]) {
      each.speak(1, 0, 'Good morning. ')
      each.speak(1, 1, 'How are you?')
      await each.said(1, 2)
    }
    const lengths = sentenceLengths(plain, 2)
    const samples = lengths.map((length) => Math.round((length / 2) * (audioOut.rate / 24_000)))
    const width = audioOut.encoding === 'pcm' ? 2 : 1
    expect(sentenceLengths(stage, 2)).toEqual(samples.map((count) => count * width))
    const sound = stage.sound(1)
    const pcm = samplesIn(audioOut.encoding === 'pcm' ? sound : mulawToPcm(sound))
    const loudest = Math.max(...pcm.subarray(-Math.round(audioOut.rate / 100)).map(Math.abs))
    expect(loudest).toBeGreaterThan(1000)
  })

  it('are asked by Google anew for each text, and never held open (pitfall 16)', async () => {
    const server = await startGoogleTts()
    const voice = voiceOf(google, 'chirp-3-hd', 'en-US-Chirp3-HD-Kore')
    const stage = stageFor({ voice, keys: { google: googleKey }, urls: { google: server.url } })
    open.push(server, stage)
    expect(server.calls).toHaveLength(0)
    stage.speak(1, 0, 'Good morning. ')
    await stage.said(1, 1)
    stage.speak(1, 1, 'How are you?')
    await stage.said(1, 2)
    expect(saidIn(stage.sound(1), 'pcm')).toBe('Good morning.How are you?')
    expect(server.calls.map(({ halfClosed }) => halfClosed)).toEqual([true, true])
  })
})

/** Bytes of each sentence. */
function sentenceLengths({ told, pieces }: Stage, count: number): number[] {
  const sounds = told.flatMap(({ event }) => (event.type === 'sound' ? [event.sentence] : []))
  return Array.from({ length: count }, (_, index) =>
    pieces.reduce((sum, { piece }, at) => sum + (sounds[at] === index ? piece.bytes.length : 0), 0),
  )
}
