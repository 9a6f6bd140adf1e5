import { afterEach, describe, expect, it } from 'vitest'
import { sumServed } from '../../../../plugins/live/served.ts'
import { cartesia } from '../../../../providers/cartesia/index.ts'
import { demoSpeech } from '../../../../providers/demo/speech.ts'
import { openaiAudio } from '../../../../providers/openai-audio/index.ts'
import { ManualClock } from '../../../manual-clock.ts'
import { until } from '../../../until.ts'
import { type CartesiaScript, cartesiaKey, startCartesia } from '../../../upstreams/cartesia.ts'
import { silenceOf, soundOf } from '../../../upstreams/cartesia-sound.ts'
import { openAiAudioKey, sawtooth, startOpenAiAudio } from '../../../upstreams/openai-audio.ts'
import { sentences } from '../../../upstreams/openai-audio-realtime.ts'
import type { Upstream } from '../../../upstreams/upstream.ts'
import { withDeepgram } from './deepgram.ts'
import { hearAll, numbered, pcm16, type Setting, type Stage, soundIn, staged } from './stage.ts'

const open: Upstream[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

async function withCartesia(changes: Partial<Setting> = {}, script: CartesiaScript = {}) {
  const upstream = await startCartesia(script)
  open.push(upstream)
  return Object.assign(staged({ provider: cartesia, model: 'ink-2', url: upstream.url, key: cartesiaKey, ...changes }), {
    upstream,
  })
}

function events({ told }: Pick<Stage, 'told'>): string[] {
  return told.flatMap((each) => (each.type === 'stt' ? [each.event.type] : each.type === 'stt-open' ? ['open'] : []))
}

const inTurns = { hints: [], endThreshold: 0.8, eagerThreshold: 0.6 }

describe('Cartesia', () => {
  it('hears every word once, also over a connection that was lost in the middle', async () => {
    const stage = await withCartesia()
    const { ears, heard, upstream } = stage
    const sound = soundOf('Good evening to all of you here.', pcm16)
    ears.connect(1, 0)
    await heard({ type: 'stt-open', link: 1 })
    hearAll(ears, sound.subarray(0, 6400), 320)
    await until(() => events(stage).filter((type) => type === 'partial').length === 4)
    const socket = await upstream.waitForSocket()
    socket.drop()
    await heard({ type: 'stt-failed', link: 1, isRetryable: true })
    hearAll(ears, sound.subarray(6400, 7040), 320)
    // Nothing was certain yet: all of it is heard anew.
    ears.connect(2, 0)
    hearAll(ears, sound.subarray(7040), 320)
    ears.finalize(2)
    await until(() => events(stage).filter((type) => type === 'final').length === 2)
    expect(stage.text).toBe('Good evening to all of you here.')
  })

  it('tells turns, foretells their end, and holds on through a pause of many minutes', async () => {
    const clock = new ManualClock()
    const stage = await withCartesia({ options: inTurns, clock })
    const { ears, heard, upstream } = stage
    ears.connect(1, 0)
    await heard({ type: 'stt-open' })
    const sound = [soundOf('How are', pcm16), silenceOf(400, pcm16), soundOf(' you?', pcm16), silenceOf(900, pcm16)]
    for (const piece of sound) hearAll(ears, piece, 320)
    await until(() => events(stage).includes('turn-end'))
    expect(events(stage).filter((type) => type.startsWith('turn-'))).toEqual([
      'turn-eager-end',
      'turn-resumed',
      'turn-eager-end',
      'turn-end',
    ])
    const socket = await upstream.waitForSocket()
    const before = socket.received.length
    for (let minute = 1; minute <= 10; minute++) {
      clock.advance(60_000)
      await until(() => socket.received.length === before + minute)
    }
    hearAll(ears, soundOf('Fine.', pcm16), 320)
    hearAll(ears, silenceOf(900, pcm16), 320)
    await until(() => events(stage).filter((type) => type === 'turn-end').length === 2)
    expect(stage.text).toBe('How are you?Fine.')
  })
})

describe('Deepgram', () => {
  it.each(['nova-3', 'flux-general-en'])('hears with %s after a pause of minutes without a frame', async (model) => {
    const clock = new ManualClock()
    const speech = [{ text: 'Still here?', fromMs: 200, toMs: 900 }]
    const { ears, heard, upstream, told } = await withDeepgram(
      { listen: { speech: model === 'nova-3' ? speech : [] } },
      { model, clock },
    )
    ears.connect(1, 0)
    await heard({ type: 'stt-open' })
    hearAll(ears, numbered(80))
    const socket = await upstream.waitForSocket()
    await until(() => socket.received.length === 1)
    const stepMs = model === 'nova-3' ? 4000 : 10_000
    for (let step = 1; step <= 30; step++) {
      clock.advance(stepMs)
      await until(() => socket.received.length > step)
    }
    expect(socket.isOpen).toBe(true)
    hearAll(ears, numbered(2000, 80))
    await until(() => soundIn(socket.received).indexOf(numbered(80, 2000)) > 0)
    if (model === 'nova-3') await until(() => told.some((each) => each.type === 'stt' && each.event.type === 'final'))
    expect(told.filter(({ type }) => type === 'stt-failed')).toEqual([])
  })

  it('takes the µ-law of a telephone as it is', async () => {
    const mulaw = { encoding: 'mulaw', rate: 8000 } as const
    const { ears, heard, upstream } = await withDeepgram({}, { audioIn: mulaw, format: mulaw })
    const sound = Buffer.from(Array.from({ length: 8000 }, (_, at) => (at * 31) % 251))
    hearAll(ears, sound.subarray(0, 4000), 160)
    ears.connect(1, 250)
    await heard({ type: 'stt-open' })
    hearAll(ears, sound.subarray(4000), 160)
    ears.injectSilence(100)
    const socket = await upstream.waitForSocket()
    await until(() => soundIn(socket.received).length === 6800)
    expect(soundIn(socket.received).equals(Buffer.concat([sound.subarray(2000), Buffer.alloc(800, 0xff)]))).toBe(true)
    expect(socket.opening.query.get('encoding')).toBe('mulaw')
  })
})

describe('OpenAI', () => {
  it('hears what comes at 16 kHz at its own rate', async () => {
    const upstream = await startOpenAiAudio({ transcribes: sentences('Is it open?', 'Thank you.') })
    open.push(upstream)
    const stage = staged({
      provider: openaiAudio,
      model: 'gpt-4o-transcribe',
      url: `${upstream.url}/v1`,
      key: openAiAudioKey,
      format: { encoding: 'pcm', rate: 24_000 },
    })
    const { ears, heard } = stage
    const speech = sawtooth(16_000)
    hearAll(ears, speech)
    ears.connect(1, 0)
    await heard({ type: 'stt-open' })
    for (let count = 0; count < 5; count++) ears.injectSilence(200)
    await until(() => stage.text === 'Is it open?')
    hearAll(ears, speech)
    ears.injectSilence(1000)
    await until(() => stage.text === 'Is it open? Thank you.')
    expect(events(stage).filter((type) => type !== 'partial')).toEqual([
      'open',
      ...['speech-start', 'final', 'turn-end'],
      ...['speech-start', 'final', 'turn-end'],
    ])
  })
})

describe('the demo', () => {
  it('hears that somebody speaks, without a key and without a vendor', async () => {
    const stage = staged({ provider: demoSpeech, model: 'meter', url: 'http://127.0.0.1:1', key: '' })
    const { ears, heard, metered } = stage
    ears.connect(1, 0)
    await heard({ type: 'stt-open' })
    hearAll(ears, sawtooth(8000))
    for (let count = 0; count < 4; count++) ears.injectSilence(200)
    await until(() => events(stage).includes('turn-end'))
    expect(stage.text).toBe('Speech of 0.5 seconds.')
    await ears.end()
    expect(metered).toMatchObject([{ outcome: 'ok', soundSeconds: 1.3 }])
    expect(sumServed(ears.served)).toBeCloseTo(1.3, 6)
  })
})
