import { expect, it } from 'vitest'
import type { PlaybackMark } from '../../../sdk/typescript/live/player.ts'
import { untouched } from './chromium.ts'
import { failingVoice, type Stage } from './stage.ts'

/** What is heard of sound in a browser, and what a microphone gives there. */
export function testSounds(stage: () => Stage): void {
  it.concurrent.each([
    { format: 'wav', sampleRate: 24_000 },
    { format: 'pcm', sampleRate: 44_100 },
    { format: 'pcm', sampleRate: 48_000 },
  ])('of an answer as $format reaches the destination at $sampleRate Hz, as long and as loud as it was sent', async (args) => {
    const { page, url } = stage()
    const heard = await page.run<Voiced>('voiced', { url, ...args })
    expect(heard.underruns).toBe(0)
    expect(heard.played_ms).toBeCloseTo(heard.sentMs, 0)
    expect(heard.sentMs).toBeGreaterThan(1500)
    // The filter rings for a millisecond on either side.
    expect(Math.abs(heard.soundingMs - heard.sentSoundingMs)).toBeLessThan(3)
    expect(heard.level / heard.sentLevel).toBeCloseTo(1, 2)
    if (heard.same !== undefined) expect(heard.same).toBeCloseTo(heard.sentMs, 0)
  })

  it.each([24_000, 44_100, 48_000])(
    'is silent within a quantum of a reset at %i Hz, and marks count the frames',
    async (sampleRate) => {
      const { page } = stage()
      const seen = await page.run<Reset>('reset', { sampleRate })
      expect(seen.marks.at(-1)?.state).toBe('stopped')
      expect(seen.marks.filter(({ state }) => state === 'stopped')).toHaveLength(1)
      expect(seen.afterReset).toBeLessThanOrEqual(128)
      // The last frame of the fade is nothing; the filter may ring before the first.
      const counted = ((seen.marks.at(-1)?.played_ms ?? 0) * sampleRate) / 1000
      expect(Math.abs(seen.sounded - counted)).toBeLessThan(sampleRate / 10_000 + 2)
      expect(seen.greatestStep).toBeLessThan(0.05)
      expect(seen.began).toHaveLength(1)
      const played = seen.marks.map(({ played_ms }) => played_ms)
      expect(played).toEqual([...played].sort((a, b) => a - b))
      expect(seen.underruns).toBe(0)
    },
  )

  it('in µ-law is played segment by segment, each to its end', async () => {
    const { page } = stage()
    const { marks, soundedMs } = await page.run<{ marks: PlaybackMark[]; soundedMs: number }>('segments', { sampleRate: 48_000 })
    const finished = marks.filter(({ state }) => state === 'finished')
    expect(finished).toEqual([
      { assistant_audio_id: 'a', played_ms: 300, buffered_ms: 0, state: 'finished' },
      { assistant_audio_id: 'b', played_ms: 200, buffered_ms: 0, state: 'finished' },
    ])
    expect(Math.abs(soundedMs - 500)).toBeLessThan(8)
  })

  it('stands still with its context, which is told, and goes on with it', async () => {
    const { page } = stage()
    expect(await page.run('suspended')).toEqual({
      states: ['playing', 'paused', 'playing', 'finished'],
      last: { assistant_audio_id: 'a', played_ms: 1000, buffered_ms: 0, state: 'finished' },
      isStillOpen: true,
    })
  })

  it('that is far too much, or whose context is closed, ends the player, and is told once', async () => {
    const { page } = stage()
    expect(await page.run('broken')).toEqual({
      codes: ['overrun', 'context_closed'],
      whys: ['More than 60 s of sound wait to be played.', 'The AudioContext was closed.'],
    })
  })

  it('is refused by the browser before anybody has touched the page, which is told', async () => {
    const { browser, pages } = stage()
    expect(await untouched(browser, pages.origin, 'untouched')).toEqual({
      code: 'not_started',
      isSoundError: true,
      whys: [expect.stringContaining('in the handler of a click')],
      state: 'closed',
    })
  })

  it('of an answer is played as far as it was spoken where the voice fails, and the answer goes on', async () => {
    const { page, url } = stage()
    const { text, ...played } = await page.run<{ text: string; played_ms: number }>('voiceFails', { url, ...failingVoice })
    expect(played).toMatchObject({ code: 'provider_rejected', played_ms: expect.any(Number) })
    expect(played.played_ms).toBeGreaterThan(100)
    expect(text).toBe('This is said. This is unspeakable. This is written all the same.')
  })

  it('of an answer that waits for more is left at once when it is broken off, and its stream with it', async () => {
    const { page, url } = stage()
    expect(await page.run('soundAborted', { url, ...failingVoice })).toEqual({
      played: 'AbortedError',
      isLeft: true,
      answer: 'AbortedError',
    })
  })

  it('says by a code why it cannot be', async () => {
    const { page } = stage()
    expect(await page.run('soundFailures')).toEqual({
      missing: 'worklet_failed',
      closed: 'context_closed',
      silent: 'no_device',
      denied: 'permission_denied',
      none: 'no_device',
      inUse: 'device_in_use',
      aborted: 'AbortedError',
      mp3: 'unsupported',
      rate: 'unsupported',
    })
  })

  it('is not made through what is no node of the context, and no processor is left behind', async () => {
    const { page } = stage()
    expect(await page.run('wrongDestination')).toEqual({
      foreign: 'UsageError',
      none: 'UsageError',
      broken: 'worklet_failed',
      left: 'closed',
    })
  })

  it('is not made by a player that was closed, which says so', async () => {
    const { page } = stage()
    const why = 'The player was closed. Each session needs one of its own.'
    expect(await page.run('closedPlayer')).toEqual({ ready: 'context_closed', whys: [why] })
  })

  it('of the microphone is not asked for once that was stopped, and let go where it comes too late', async () => {
    const { page } = stage()
    expect(await page.run('stoppedMicrophone')).toEqual({
      prepared: 'device_lost',
      started: 'device_lost',
      asked: 0,
      late: 'device_lost',
      tracks: ['ended'],
    })
  })

  it.concurrent.each([16_000, 24_000])(
    'of the microphone comes in frames of 20 ms at %i Hz, and the microphone is let go',
    async (sampleRate) => {
      const { page } = stage()
      const heard = await page.run<{ level: number }>('microphone', { sampleRate, frames: 75 })
      expect(heard).toMatchObject({
        format: { encoding: 'pcm_s16le', sample_rate_hz: sampleRate },
        lengths: [(sampleRate / 50) * 2],
        tracks: ['ended'],
      })
      expect(heard.level).toBeGreaterThan(0.01)
    },
  )

  it.concurrent('of the microphone is brought to the rate where the browser does not do that', async () => {
    const { page } = stage()
    const heard = await page.run<{ level: number; lengths: number[] }>('microphone', {
      sampleRate: 8000,
      frames: 75,
      isStrict: true,
    })
    expect(heard).toMatchObject({ format: { encoding: 'pcm_s16le', sample_rate_hz: 8000 }, tracks: ['ended'] })
    expect(heard.level).toBeGreaterThan(0.01)
    // But for the first, of which the filter keeps a part.
    expect(heard.lengths.filter((length) => length % 2 === 0 && Math.abs(length - 320) <= 4).length).toBeGreaterThan(0)
    expect(heard.lengths.length).toBeLessThanOrEqual(4)
  })

  it('of a stream that ends is told of, and the stream is left to whoever gave it', async () => {
    const { page } = stage()
    expect(await page.run('unplugged')).toEqual({ why: expect.stringContaining('unplugged'), left: 'live' })
  })
}

interface Voiced {
  readonly played_ms: number
  readonly underruns: number
  readonly sentMs: number
  readonly soundingMs: number
  readonly sentSoundingMs: number
  readonly level: number
  readonly sentLevel: number
  readonly same?: number
}

interface Reset {
  readonly marks: readonly PlaybackMark[]
  readonly began: readonly { readonly inMs: number }[]
  readonly sounded: number
  readonly afterReset: number
  readonly greatestStep: number
  readonly underruns: number
}
