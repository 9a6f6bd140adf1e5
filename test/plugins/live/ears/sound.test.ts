import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { levelDb } from '../../../../audio/energy.ts'
import { pcmToMulaw } from '../../../../audio/g711.ts'
import { bytesIn, bytesOfMs, samplesIn } from '../../../../audio/pcm.ts'
import { startResampling } from '../../../../audio/resample.ts'
import { SoundRing } from '../../../../audio/ring.ts'
import { SoundFeed } from '../../../../plugins/live/ears/sound-feed.ts'
import { PlayedLevel } from '../../../../plugins/live/played-level.ts'
import { sumServed } from '../../../../plugins/live/served.ts'
import { deepgram } from '../../../../providers/deepgram/index.ts'
import { demoSpeech } from '../../../../providers/demo/speech.ts'
import type { RawFormat } from '../../../../providers/speech.ts'
import { babble } from '../../../audio/babble.ts'
import { tone, heard as toneIn } from '../../../audio/tone.ts'
import { missing, titled } from '../../../programs.ts'
import { until } from '../../../until.ts'
import { withDeepgram } from './deepgram.ts'
import { hearAll, hearingOf, numbered, type Stage, soundIn, staged } from './stage.ts'

const pcm = (rate: number): RawFormat => ({ encoding: 'pcm', rate })

function edges({ told }: Pick<Stage, 'told'>): (readonly [edge: string, audioMs: number])[] {
  return told.flatMap((each) => (each.type === 'energy' ? [[each.edge, each.audioMs] as const] : []))
}

/** Ears with nobody behind them. */
function alone(audioIn: RawFormat = pcm(16_000)): Stage {
  return staged({ provider: demoSpeech, model: 'meter', url: 'http://127.0.0.1:1', key: '', audioIn })
}

describe('sound at another rate', () => {
  it.each([
    [48_000, 16_000],
    [44_100, 16_000],
    [8000, 16_000],
    [24_000, 16_000],
  ])('of %d Hz is heard at %d Hz, sample by sample, also by those who come later', async (from, to) => {
    const { ears, upstream, heard } = await withDeepgram({}, { audioIn: pcm(from), format: pcm(to) })
    const sound = tone(440, from, from * 2)
    const frame = Math.round(from / 50) * 2
    const half = frame * 50
    ears.connect(1, 0)
    await heard({ type: 'stt-open', link: 1 })
    hearAll(ears, sound.subarray(0, half), frame)
    const first = await upstream.waitForSocket()
    // The filter looks ahead: of what came last some waits for what follows.
    const most = to - to / 50
    await until(() => soundIn(first.received).length / 2 >= most)
    expect(soundIn(first.received).length / 2).toBeLessThanOrEqual(to)
    ears.connect(2, 500)
    await heard({ type: 'stt-open', link: 2 })
    hearAll(ears, sound.subarray(half), frame)
    const second = await upstream.waitForSocket(2)
    await until(() => soundIn(second.received).length / 2 >= 1.5 * to - to / 50)
    const received = soundIn(second.received)
    expect(received.length / 2).toBeLessThanOrEqual(1.5 * to)
    // It is the tone that it was, beginning at its very place: half a second is a whole number of its periods.
    const { level, delay, rest } = toneIn(received, 440, to)
    expect(level).toBeCloseTo(0, 1)
    expect(Math.abs(delay)).toBeLessThan(0.5 / to)
    expect(rest).toBeLessThan(-60)
    expect(sumServed(ears.served)).toBeCloseTo(2.5, 6)
  })

  it.each([
    [48_000, 24_000, 1],
    [16_000, 16_000, 0],
  ])('of %d Hz, for %d Hz, has what resamples started while the connection is opened: %d times', (from, to, starts) => {
    let started = 0
    const feed = new SoundFeed(new SoundRing(from, from), { from: pcm(from), to: pcm(to) }, 0, () => {
      started++
      return startResampling()
    })
    expect(started).toBe(starts)
    expect(feed.seconds).toBe(0)
  })

  it('of a telephone is heard as PCM where the model wants that', async () => {
    const mulaw: RawFormat = { encoding: 'mulaw', rate: 8000 }
    const { ears, upstream, heard } = await withDeepgram({}, { audioIn: mulaw, format: pcm(16_000) })
    ears.connect(1, 0)
    await heard({ type: 'stt-open' })
    hearAll(ears, pcmToMulaw(tone(440, 8000, 8000)), 160)
    const socket = await upstream.waitForSocket()
    await until(() => soundIn(socket.received).length / 2 >= 15_700)
    const { level, rest } = toneIn(soundIn(socket.received), 440, 16_000)
    expect(level).toBeCloseTo(0, 1)
    expect(rest).toBeLessThan(-30)
  })

  it('goes on to the same model, also over another connection, until another is to be adopted', async () => {
    const { ears, upstream, heard } = await withDeepgram()
    ears.connect(1, 0)
    await heard({ type: 'stt-open', link: 1 })
    ears.change(hearingOf({ provider: deepgram, model: 'flux-general-en', url: '', key: '' }))
    hearAll(ears, numbered(500))
    await until(() => sumServed(ears.served) === 0.5)
    ears.connect(2, 500)
    await heard({ type: 'stt-open', link: 2 })
    expect((await upstream.waitForSocket(2)).opening.query.get('model')).toBe('nova-3')
    ears.adopt()
    ears.connect(3, 500)
    await heard({ type: 'stt-open', link: 3 })
    expect((await upstream.waitForSocket(3)).opening.query.get('model')).toBe('flux-general-en')
    hearAll(ears, numbered(500))
    await until(() => sumServed(ears.served) === 1)
    expect(ears.served).toEqual([
      { model: 'deepgram/nova-3', provider: 'deepgram', amount: 0.5 },
      { model: 'deepgram/flux-general-en', provider: 'deepgram', amount: 0.5 },
    ])
  })

  it('is no matter where another model is to hear from the next connection on', async () => {
    const stage = await withDeepgram()
    const { ears, upstream, heard } = stage
    ears.connect(1, 0)
    await heard({ type: 'stt-open', link: 1 })
    hearAll(ears, tone(440, 16_000, 8000))
    ears.change(hearingOf({ provider: deepgram, model: 'flux-general-en', url: '', key: '', format: pcm(24_000) }))
    ears.adopt()
    hearAll(ears, tone(440, 16_000, 8000))
    const first = await upstream.waitForSocket()
    await until(() => soundIn(first.received).length / 2 === 16_000)
    ears.connect(2, 0)
    await heard({ type: 'stt-open', link: 2 })
    const second = await upstream.waitForSocket(2)
    await until(() => soundIn(second.received).length / 2 >= 23_500)
    expect(second.opening.query.get('sample_rate')).toBe('24000')
    expect(second.opening.query.get('model')).toBe('flux-general-en')
  })
})

describe('a voice', () => {
  it('begins and ends where it does in all sound that was heard, silence with it', () => {
    const stage = alone()
    stage.ears.injectSilence(1000)
    for (let count = 0; count < 10; count++) stage.ears.injectSilence(0.07)
    for (const piece of babble(16_000, 1)) stage.ears.hear(piece, Number.NEGATIVE_INFINITY)
    stage.ears.injectSilence(500)
    const [onset, offset, ...others] = edges(stage)
    expect(onset?.[0]).toBe('onset')
    expect(onset?.[1]).toBeGreaterThanOrEqual(1000)
    expect(onset?.[1]).toBeLessThanOrEqual(1020)
    expect(offset?.[0]).toBe('offset')
    // The last syllable ends 140 ms before the sound does.
    expect(offset?.[1]).toBeGreaterThanOrEqual(1840)
    expect(offset?.[1]).toBeLessThanOrEqual(1880)
    expect(others).toEqual([])
  })

  it('that was begun is over where the stream is', () => {
    const stage = alone()
    for (const piece of babble(16_000, 1).slice(0, 10)) stage.ears.hear(piece, Number.NEGATIVE_INFINITY)
    expect(edges(stage).map(([edge]) => edge)).toEqual(['onset'])
    stage.ears.endVoice()
    stage.ears.endVoice()
    expect(edges(stage).map(([edge]) => edge)).toEqual(['onset', 'offset'])
  })

  it('is as loud as the session says, from the moment that it says so', () => {
    const stage = alone()
    stage.ears.change({ ...hearingOf({ provider: demoSpeech, model: 'meter', url: '', key: '' }), energy: { leastDb: -10 } })
    stage.ears.adopt()
    for (const piece of babble(16_000, 1)) stage.ears.hear(piece, Number.NEGATIVE_INFINITY)
    expect(edges(stage)).toEqual([])
    stage.ears.change({ ...hearingOf({ provider: demoSpeech, model: 'meter', url: '', key: '' }), energy: {} })
    stage.ears.adopt()
    for (const piece of babble(16_000, 1)) stage.ears.hear(piece, Number.NEGATIVE_INFINITY)
    expect(edges(stage)[0]?.[0]).toBe('onset')
  })
})

describe('pitfall 15: speakerphone echo interrupts the assistant', () => {
  /** What the assistant says comes back through the microphone, so much softer and later. */
  function edgesOfEcho(db: number, delayMs: number, knowsWhatIsPlayed: boolean): number {
    const stage = alone()
    const level = new PlayedLevel()
    const voice = Buffer.concat(babble(16_000, 8))
    const factor = 10 ** (db / 20)
    const frame = bytesOfMs(20, 16_000)
    for (let at = 0, ms = 0; at < voice.length; at += frame, ms += 20) {
      // It is given out up to a second ahead, in pieces of 200 ms.
      if (ms % 200 === 0) {
        const piece = voice.subarray(at, at + 10 * frame)
        if (ms === 0) for (let ahead = 0; ahead < 5; ahead++) level.gaveOut(0, 200, levelDb(piece))
        else level.gaveOut(ms, 200, levelDb(piece))
      }
      const from = at - bytesOfMs(delayMs, 16_000)
      const echo = from < 0 ? new Int16Array(320) : samplesIn(voice.subarray(from, from + frame))
      const mic = bytesIn(Int16Array.from(echo, (sample, index) => Math.round(sample * factor + 20 * Math.sin(index * index))))
      stage.ears.hear(mic, knowsWhatIsPlayed ? level.now(ms) : Number.NEGATIVE_INFINITY)
    }
    return edges(stage).filter(([edge]) => edge === 'onset').length
  }

  it.each([
    [-10, 100],
    [-15, 200],
    [-25, 350],
  ])('%d dB softer and %d ms later it is known for what it is', (db, delayMs) => {
    expect(edgesOfEcho(db, delayMs, true)).toBe(0)
    expect(edgesOfEcho(db, delayMs, false)).toBeGreaterThan(0)
  })
})

const noEspeak = missing('espeak-ng')

/** What espeak-ng says, at its own rate of 22,050 Hz. */
function said(text: string): Uint8Array {
  const { stdout } = spawnSync('espeak-ng', ['-v', 'en-us', '--stdout', text], { timeout: 20_000 })
  return new Uint8Array(stdout.subarray(44))
}

describe.skipIf(noEspeak)(titled('real speech', noEspeak), () => {
  it('is found by its energy and heard through the whole way, over a connection that comes late', async () => {
    const speech = said('Is the shop on the corner still open?')
    const resampler = (await startResampling())(22_050, 48_000)
    const at48 = Buffer.concat([resampler.push(speech), resampler.flush()])
    const seconds = at48.length / 96_000
    const stage = staged({
      provider: demoSpeech,
      model: 'meter',
      url: 'http://127.0.0.1:1',
      key: '',
      audioIn: pcm(48_000),
      format: pcm(16_000),
    })
    const { ears, heard } = stage
    const frame = 1920
    ears.injectSilence(500)
    hearAll(ears, at48.subarray(0, frame * 30), frame)
    ears.connect(1, 200)
    await heard({ type: 'stt-open' })
    hearAll(ears, at48.subarray(frame * 30), frame)
    for (let count = 0; count < 5; count++) ears.injectSilence(200)
    await until(() => stage.told.some((each) => each.type === 'stt' && each.event.type === 'turn-end'))
    const [onset] = edges(stage)
    const offset = edges(stage).at(-1)
    expect(onset?.[1]).toBeGreaterThanOrEqual(490)
    expect(onset?.[1]).toBeLessThan(620)
    expect(offset?.[0]).toBe('offset')
    expect(offset?.[1]).toBeGreaterThan(500 + seconds * 1000 - 600)
    expect(offset?.[1]).toBeLessThanOrEqual(510 + seconds * 1000)
    const spoken = Number(/of ([\d.]+) seconds/.exec(stage.text)?.[1])
    expect(Math.abs(spoken - seconds)).toBeLessThan(0.7)
  })
})
