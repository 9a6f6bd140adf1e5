import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import type { PlaybackMark } from '../../../sdk/typescript/live/player.ts'
import { type Gateway, startGateway } from '../../gateway.ts'
import { startNetwork } from '../../live/network.ts'
import { noChromium, startChromium, TestPage, untouched } from './chromium.ts'
import { type Pages, startPages } from './pages.ts'
import { murmurWav } from './speech.ts'

/** The SDK in a real browser, against a real gateway: what it does with messages, and what is heard of sound. */
describe.skipIf(noChromium !== '')(`the SDK in Chromium${noChromium}`, { timeout: 60_000 }, () => {
  let folder: string
  let browser: Browser
  let pages: Pages
  let gateway: Gateway
  const open: TestPage[] = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vai-browser-'))
    const wav = join(folder, 'said.wav')
    writeFileSync(wav, murmurWav())
    pages = await startPages()
    gateway = await startGateway({ env: { VAI_CORS_ORIGINS: pages.origin } })
    browser = await startChromium(wav)
  }, 60_000)

  afterEach(async () => {
    for (const page of open.splice(0)) await page.close()
  })

  afterAll(async () => {
    await browser?.close()
    await gateway?.close()
    await pages?.close()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  async function page(origin = pages.origin): Promise<TestPage> {
    const opened = await TestPage.open(browser, origin)
    open.push(opened)
    return opened
  }

  describe('messages', () => {
    it('are created, streamed and aborted', async () => {
      const it = await page()
      const { url } = gateway
      expect(await it.run('create', { url })).toEqual({
        content: [{ type: 'text', text: 'Good morning! It is nine.' }],
        request_id: expect.stringMatching(/^req_/),
      })
      expect(await it.run('stream', { url })).toEqual({
        texts: ['Good', ' morning!', ' It', ' is', ' nine.'],
        final: 'Good morning! It is nine.',
        request_id: expect.stringMatching(/^req_/),
      })
      expect(await it.run('abort', { url })).toEqual({ texts: 3, error: 'AbortedError' })
    })

    it('fail with the errors of the contract, or say that nobody is there', async () => {
      const it = await page()
      expect(await it.run('failure', { url: gateway.url })).toMatchObject({
        isOfContract: true,
        name: 'NotFoundError',
        code: 'unknown_model',
        param: 'model',
        request_id: expect.stringMatching(/^req_/),
      })
      expect(await it.run('failure', { url: 'http://127.0.0.1:9' })).toMatchObject({
        isOfContract: false,
        name: 'ConnectionError',
      })
    })

    it('are for pages of the origins that the gateway knows alone', async () => {
      const it = await page(pages.otherOrigin)
      expect(await it.run('failure', { url: gateway.url, model: 'demo/echo' })).toMatchObject({ name: 'ConnectionError' })
    })
  })

  describe('sound', () => {
    it.each([
      { format: 'wav', sampleRate: 24_000 },
      { format: 'pcm', sampleRate: 44_100 },
      { format: 'pcm', sampleRate: 48_000 },
    ])('of an answer as $format reaches the destination at $sampleRate Hz, as long and as loud as it was sent', async (args) => {
      const it = await page()
      const heard = await it.run<Voiced>('voiced', { url: gateway.url, ...args })
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
        const it = await page()
        const seen = await it.run<Reset>('reset', { sampleRate })
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
      const it = await page()
      const { marks, soundedMs } = await it.run<{ marks: PlaybackMark[]; soundedMs: number }>('segments', { sampleRate: 48_000 })
      const finished = marks.filter(({ state }) => state === 'finished')
      expect(finished).toEqual([
        { assistant_audio_id: 'a', played_ms: 300, buffered_ms: 0, state: 'finished' },
        { assistant_audio_id: 'b', played_ms: 200, buffered_ms: 0, state: 'finished' },
      ])
      expect(Math.abs(soundedMs - 500)).toBeLessThan(8)
    })

    it('stands still with its context, which is told, and goes on with it', async () => {
      const it = await page()
      expect(await it.run('suspended')).toEqual({
        states: ['playing', 'paused', 'playing', 'finished'],
        last: { assistant_audio_id: 'a', played_ms: 1000, buffered_ms: 0, state: 'finished' },
        isStillOpen: true,
      })
    })

    it('that is far too much, or whose context is closed, ends the player, and is told once', async () => {
      const it = await page()
      expect(await it.run('broken')).toEqual({
        codes: ['overrun', 'context_closed'],
        whys: ['More than 60 s of sound wait to be played.', 'The AudioContext was closed.'],
      })
    })

    it('is refused by the browser before anybody has touched the page, which is told', async () => {
      expect(await untouched(browser, pages.origin, 'untouched')).toEqual({
        code: 'not_started',
        isSoundError: true,
        whys: [expect.stringContaining('in the handler of a click')],
        state: 'closed',
      })
    })

    it('says by a code why it cannot be', async () => {
      const it = await page()
      expect(await it.run('soundFailures')).toEqual({
        missing: 'worklet_failed',
        closed: 'context_closed',
        silent: 'no_device',
        denied: 'permission_denied',
        none: 'no_device',
        inUse: 'device_in_use',
        aborted: 'AbortedError',
        mp3: 'unsupported',
      })
    })

    it.each([16_000, 24_000])(
      'of the microphone comes in frames of 20 ms at %i Hz, and the microphone is let go',
      async (sampleRate) => {
        const it = await page()
        const heard = await it.run<{ level: number }>('microphone', { sampleRate, frames: 75 })
        expect(heard).toMatchObject({
          format: { encoding: 'pcm_s16le', sample_rate_hz: sampleRate },
          lengths: [(sampleRate / 50) * 2],
          tracks: ['ended'],
        })
        expect(heard.level).toBeGreaterThan(0.01)
      },
    )

    it('of the microphone is brought to the rate where the browser does not do that', async () => {
      const it = await page()
      const heard = await it.run<{ level: number; lengths: number[] }>('microphone', {
        sampleRate: 16_000,
        frames: 75,
        isStrict: true,
      })
      expect(heard).toMatchObject({ format: { encoding: 'pcm_s16le', sample_rate_hz: 16_000 }, tracks: ['ended'] })
      expect(heard.level).toBeGreaterThan(0.01)
      // But for the first, of which the filter keeps a part.
      expect(heard.lengths.filter((length) => length % 2 === 0 && Math.abs(length - 640) <= 4).length).toBeGreaterThan(0)
      expect(heard.lengths.length).toBeLessThanOrEqual(4)
    })

    it('of a stream that ends is told of, and the stream is left to whoever gave it', async () => {
      const it = await page()
      expect(await it.run('unplugged')).toEqual({ why: expect.stringContaining('unplugged'), left: 'live' })
    })
  })

  describe('a live session', () => {
    const live = <Result>(on: TestPage, scenario: string, args: object = {}): Promise<Result> =>
      on.run<Result>(scenario, { url: gateway.url, ...args }, 'live')

    it('hears the microphone, says what it understood, and is heard', async () => {
      const told = await live<Talk & { readonly understood: string }>(await page(), 'talk')
      expect(told.understood).toMatch(/^Speech of \d\.\d seconds\.$/)
      expect(told.played_text).toBe(told.understood)
      expect(told.texts.join('')).toBe(told.understood)
      expectHeardToTheEnd(told)
    })

    it('answers what is typed, until it is interrupted', async () => {
      expectStopped(await live<Stopped>(await page(), 'interrupted'))
    })

    it('stops speaking when somebody speaks', async () => {
      expectStopped(await live<Stopped>(await page(), 'bargedIn'))
    })

    it('comes back over a new line, and says what is left', async () => {
      const network = await startNetwork(gateway.url, systemClock)
      try {
        const on = await page()
        await on.page.exposeFunction('cutLine', () => network.drop())
        const told = await live<Talk & { readonly lines: string[] }>(on, 'cut', { url: network.url })
        expect(told.lines).toEqual(['connection_lost', 'connection_resumed'])
        expect(told.played_text).toBe(told.said)
        expect(told.marks.at(-1)?.state).toBe('finished')
        expect(told.warnings).toEqual([])
      } finally {
        await network.close()
      }
    })

    it('is for pages of the origins that the gateway knows alone, where it asks for no key', async () => {
      const on = await page(pages.otherOrigin)
      expect(await live(on, 'refused')).toEqual({ name: 'ConnectionError', isPlayerClosed: true })
    })
  })
})

function expectHeardToTheEnd({ marks, compared: { same, behind }, sent, warnings, underruns }: Talk): void {
  expect(warnings).toEqual([])
  expect(underruns).toBe(0)
  expect([same, behind]).toEqual([sent, 0])
  expect(marks.at(-1)).toMatchObject({ state: 'finished', buffered_ms: 0 })
  expect(marks.at(-1)?.played_ms).toBeCloseTo(sent / 24, 0)
}

/** What was handed on is what was sent, to the fade; the mark counts it to the frame; and no more than a quantum came behind the reset. */
function expectStopped(told: Stopped): void {
  const {
    marks,
    compared: { same },
    sent,
    afterReset,
    warnings,
    underruns,
  } = told
  expect(told.reason).toBe('barge_in')
  expect(warnings).toEqual([])
  expect(underruns).toBe(0)
  const stopped = marks.filter(({ state }) => state === 'stopped')
  expect(stopped).toHaveLength(1)
  expect(marks.at(-1)).toBe(stopped[0])
  const counted = Math.round(((stopped[0]?.played_ms ?? 0) * 24_000) / 1000)
  expect(afterReset).toBeLessThanOrEqual(128)
  expect(counted).toBeLessThan(sent)
  expect(counted - same).toBeLessThanOrEqual(131)
  // A tenth of a millisecond is two frames.
  expect(told.until).toBeLessThanOrEqual(counted + 3)
  expect(told.greatestStep).toBeLessThanOrEqual(told.sentGreatestStep * 1.5)
  expect(told.said.startsWith(told.played_text)).toBe(true)
  expect(told.played_text.length).toBeGreaterThan(0)
  expect(told.played_text.length).toBeLessThan(told.said.length)
}

interface Talk {
  readonly played_text: string
  readonly said: string
  readonly texts: readonly string[]
  readonly marks: readonly PlaybackMark[]
  /** How many samples were heard as they were sent, and how many that are none of those. */
  readonly compared: { readonly same: number; readonly behind: number }
  readonly sent: number
  readonly warnings: readonly string[]
  readonly underruns: number
}

interface Stopped extends Talk {
  readonly reason: string
  readonly afterReset: number
  /** Of the samples that were sent, behind which one nothing was heard. */
  readonly until: number
  readonly greatestStep: number
  readonly sentGreatestStep: number
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
