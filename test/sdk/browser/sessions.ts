import { expect, it } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import type { PlaybackMark } from '../../../sdk/typescript/live/player.ts'
import { startNetwork } from '../../live/network.ts'
import type { TestPage } from './chromium.ts'
import type { Stage } from './stage.ts'

/** Live sessions in a browser, with a microphone that hears a file. */
export function testSessions(stage: () => Stage): void {
  const live = <Result>(on: TestPage, scenario: string, args: object = {}): Promise<Result> =>
    on.run<Result>(scenario, { url: stage().url, ...args }, 'live')

  it.concurrent('hears the microphone, says what it understood, and is heard', async () => {
    const told = await live<Talk & { readonly understood: string }>(stage().page, 'talk')
    expect(told.understood).toMatch(/^Speech of \d\.\d seconds\.$/)
    expect(told.played_text).toBe(told.understood)
    expect(told.texts.join('')).toBe(told.understood)
    expectHeardToTheEnd(told)
  })

  it.concurrent('answers what is typed, until it is interrupted', async () => {
    expectStopped(await live<Stopped>(stage().page, 'interrupted'))
  })

  it.concurrent('stops speaking when somebody speaks', async () => {
    expectStopped(await live<Stopped>(stage().page, 'bargedIn'))
  })

  it.concurrent('comes back over a new line, and says what is left', async () => {
    const { page, url } = stage()
    const network = await startNetwork(url, systemClock)
    try {
      await page.page.exposeFunction('cutLine', () => network.drop())
      const told = await live<Talk & Resumed>(page, 'cut', { url: network.url })
      expect(told.lines).toEqual(['connection_lost', 'connection_resumed'])
      // What was held is not heard again: it is given out anew.
      expect(told.orders).toEqual(['go', 'hold', 'reset', 'go'])
      expect(told.soundsWhileHeld).toBe(false)
      expect(told.played_text).toBe(told.said)
      expect(told.marks.at(-1)?.state).toBe('finished')
      expect(told.warnings).toEqual([])
    } finally {
      await network.close()
    }
  })

  it('is for pages of the origins that the gateway knows alone, where it asks for no key', async () => {
    expect(await live(stage().strange, 'refused')).toEqual({ name: 'ConnectionError', isPlayerClosed: true })
  })
}

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

interface Resumed {
  readonly lines: readonly string[]
  /** What the player was told, but for what it was given. */
  readonly orders: readonly string[]
  readonly soundsWhileHeld?: boolean
}

interface Stopped extends Talk {
  readonly reason: string
  readonly afterReset: number
  /** Of the samples that were sent, behind which one nothing was heard. */
  readonly until: number
  readonly greatestStep: number
  readonly sentGreatestStep: number
}
