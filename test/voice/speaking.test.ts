import { afterEach, describe, expect, it } from 'vitest'
import { isRecord } from '../../api/json.ts'
import { bytesOfSamples } from '../../audio/pcm.ts'
import { parseWav, wavHeader } from '../../audio/wav.ts'
import { type Gateway, messageOf, startGateway } from '../gateway.ts'
import { bytesOf, expectOrder, soundIn, streamed, textOf } from './answers.ts'
import { type Model, startModel } from './model.ts'
import { type StartedVendor, type Vendor, vendors } from './vendors.ts'

/** Every vendor as the voice of an answer, from outside: what was written, what was said, how it sounds, and what it costs. */

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

const answer =
  'Hello there, my friend. It is **five** past nine. The train to Berlin leaves at noon; you will find it on track 4. Good luck!'
const said =
  'Hello there, my friend. It is five past nine. The train to Berlin leaves at noon; you will find it on track 4. Good luck!'

interface Stage {
  readonly gateway: Gateway
  readonly vendor: StartedVendor
  readonly model: Model
  ask(output?: object, more?: object): Promise<Response>
}

async function stageFor(vendor: Vendor, content = answer): Promise<Stage> {
  const started = await vendor.start()
  open.push(started)
  const model = await startModel(content)
  open.push(model.upstream)
  const gateway = await startGateway({
    env: { ...vendor.env(started.url), ...model.env },
    keys: { ...model.keys, [vendor.id]: vendor.key },
  })
  open.push(gateway)
  const ask = (output = {}, more = {}): Promise<Response> =>
    gateway.post({
      model: model.name,
      max_tokens: 100,
      voice: { output: { voice: vendor.voice, ...output } },
      messages: [{ role: 'user', content: 'Where is my train?' }],
      ...more,
    })
  return { gateway, vendor: started, model, ask }
}

/** What the sentences sound like, one after the other. */
function soundOf(vendor: Vendor, sentences: readonly string[], rate = vendor.rate): Buffer {
  return Buffer.concat(sentences.map((sentence) => vendor.sound(sentence.trim(), rate)))
}

describe.each(vendors.map((vendor) => [vendor.id, vendor] as const))('%s', (_, vendor) => {
  it('speaks a stream, to the sample, and what it took is told', async () => {
    const { ask, vendor: started } = await stageFor(vendor)
    const answered = await streamed(await ask({ format: 'pcm' }, { stream: true }))
    expectOrder(answered)
    expect(answered.unavailable).toBeUndefined()
    expect(answered.text).toBe(answer)
    expect(answered.transcript).toBe(said)
    const sentences = answered.chunks.map(({ text }) => text).filter((text) => text !== '')
    expect(sentences.length).toBeGreaterThan(3)
    expect([...started.texts()].sort()).toEqual(sentences.map((each) => each.trim()).sort())
    expect(answered.audio.equals(soundOf(vendor, sentences))).toBe(true)
    expect(answered.chunks.every((chunk) => chunk.format === 'pcm' && chunk.sample_rate_hz === vendor.rate)).toBe(true)
    const characters = sentences.reduce((sum, each) => sum + each.trim().length, 0)
    const seconds = answered.audio.length / bytesOfSamples(vendor.rate)
    expect(answered.usage.voice).toMatchObject({ spoken_seconds: Math.round(seconds * 1000) / 1000 })
    expectCost(answered.usage.voice, vendor, characters, seconds)
  })

  it('speaks a whole answer as one WAV file', async () => {
    const { ask } = await stageFor(vendor)
    const message = await messageOf(await ask())
    const block = soundIn(message)
    expect(textOf(message)).toBe(answer)
    expect(block).toMatchObject({ transcript: said, sample_rate_hz: vendor.rate, source: { media_type: 'audio/wav' } })
    const wav = parseWav(bytesOf(block))
    expect(wav).toMatchObject({ rate: vendor.rate, channels: 1, format: 's16le' })
    const sentences = [
      'Hello there, my friend.',
      'It is five past nine.',
      'The train to Berlin leaves at noon; you will find it on track 4.',
      'Good luck!',
    ]
    expect(Buffer.from(wav.data).equals(soundOf(vendor, sentences))).toBe(true)
    const voice = message.usage.voice ?? {}
    expect(voice.spoken_seconds).toBeCloseTo(wav.frames / wav.rate, 3)
    expectCost(voice, vendor, sentences.join('').length, wav.frames / wav.rate)
  })

  it('gives a WAV header once at the beginning of a stream', async () => {
    const { ask } = await stageFor(vendor)
    const { audio, chunks } = await streamed(await ask({}, { stream: true }))
    expect(audio.subarray(0, 44)).toEqual(Buffer.from(wavHeader(vendor.rate)))
    const sentences = chunks.map(({ text }) => text).filter((text) => text !== '')
    expect(audio.subarray(44).equals(soundOf(vendor, sentences))).toBe(true)
  })

  it.skipIf(vendor.otherRate === undefined)('is asked for a rate that it makes itself', async () => {
    const { ask } = await stageFor(vendor)
    const rate = vendor.otherRate ?? 0
    const { audio, chunks } = await streamed(await ask({ format: 'pcm', sample_rate: rate }, { stream: true }))
    const sentences = chunks.map(({ text }) => text).filter((text) => text !== '')
    expect(audio.equals(soundOf(vendor, sentences, rate))).toBe(true)
  })

  it('is resampled to a rate that nobody makes, and nothing is lost', async () => {
    const { ask } = await stageFor(vendor)
    const rate = 11_025
    const { audio, chunks, usage } = await streamed(await ask({ format: 'pcm', sample_rate: rate }, { stream: true }))
    const sentences = chunks.map(({ text }) => text).filter((text) => text !== '')
    // The next rate above that it makes.
    const made = vendor.otherRate ?? vendor.rate
    const samples = sentences.map((each) => {
      const bytes = vendor.sound(each.trim(), made).length
      return Math.round(((bytes / 2) * rate) / made)
    })
    const length = samples.reduce((sum, each) => sum + each, 0)
    expect(Math.abs(audio.length / 2 - length)).toBeLessThanOrEqual(sentences.length)
    expect(chunks.every((chunk) => chunk.sample_rate_hz === rate)).toBe(true)
    expect(usage.voice).toMatchObject({ spoken_seconds: Math.round((audio.length / 2 / rate) * 1000) / 1000 })
  })

  it.each(['mp3', 'opus'] as const)('gives %s, or says what it gives', async (format) => {
    const { ask, vendor: started } = await stageFor(vendor)
    const response = await ask({ format }, { stream: true })
    const mark = vendor.compressed[format]
    if (mark === undefined) {
      expect(response.status).toBe(400)
      expect(await response.text()).toContain(`does not give ${format}`)
      expect(started.texts()).toEqual([])
      return
    }
    const answered = await streamed(response)
    expect(answered.unavailable).toBeUndefined()
    expectOrder(answered)
    expect(answered.transcript).toBe(said)
    expect(answered.audio.toString('latin1').startsWith(mark)).toBe(true)
    expect(answered.chunks.every((chunk) => chunk.format === format && chunk.sample_rate_hz === undefined)).toBe(true)
    const block = soundIn(await messageOf(await ask({ format })))
    expect(block?.source.media_type).toBe(format === 'mp3' ? 'audio/mpeg' : 'audio/ogg')
    expect(bytesOf(block).toString('latin1').startsWith(mark)).toBe(true)
  })

  it('tells times where it has some: each word or character once, in order, within the sound', async () => {
    const { ask } = await stageFor(vendor)
    const { chunks } = await streamed(await ask({ format: 'pcm', alignment: true }, { stream: true }))
    const told = chunks.flatMap(({ alignment }) => alignment ?? [])
    const block = soundIn(await messageOf(await ask({ alignment: true })))
    if (vendor.alignment === undefined) {
      expect(told).toEqual([])
      expect(block?.alignment).toBeUndefined()
      return
    }
    expect(new Set(told.map(({ kind }) => kind))).toEqual(new Set([vendor.alignment]))
    const tokens = told.flatMap((each) => each.tokens)
    expect(tokens.join('').replaceAll(' ', '')).toBe(said.replaceAll(' ', ''))
    const { tokens: all = [], start_ms: starts = [], dur_ms: durations = [] } = block?.alignment ?? {}
    expect(all.join('').replaceAll(' ', '')).toBe(said.replaceAll(' ', ''))
    expect(starts).toEqual([...starts].sort((one, other) => one - other))
    const ms = (parseWav(bytesOf(block)).frames * 1000) / vendor.rate
    expect((starts.at(-1) ?? 0) + (durations.at(-1) ?? 0)).toBeLessThanOrEqual(ms + 1)
  })

  it('is asked with a key that the caller brings', async () => {
    const started = await vendor.start()
    open.push(started)
    const gateway = await startGateway({ env: vendor.env(started.url) })
    open.push(gateway)
    const body = {
      model: 'demo/echo',
      max_tokens: 100,
      voice: { output: { voice: vendor.voice, format: 'pcm' } },
      messages: [{ role: 'user', content: 'Hello there.' }],
    }
    const without = await gateway.post(body)
    expect(without.status).toBe(401)
    expect(await without.text()).toContain('missing_provider_key')
    expect(started.texts()).toEqual([])
    const wrong = await messageOf(await gateway.post(body, { [vendor.keyHeader]: `${vendor.key.slice(0, -3)}bad` }))
    expect(soundIn(wrong)).toBeUndefined()
    expect(wrong.metadata?.warnings).toMatchObject([{ param: 'voice.output', code: 'audio_unavailable' }])
    const block = soundIn(await messageOf(await gateway.post(body, { [vendor.keyHeader]: vendor.key })))
    expect(block?.transcript).toMatch(/Hello there/)
  })
})

function expectCost(voice: unknown, vendor: Vendor, characters: number, seconds: number): void {
  const told = isRecord(voice) ? Number(voice.spoken_characters) : 0
  expect(told).toBe(characters)
  const cost = vendor.cost?.(told, seconds)
  if (cost === undefined) expect(voice).not.toHaveProperty('cost_usd')
  else expect(voice).toMatchObject({ cost_usd: expect.closeTo(cost, 6) })
}
