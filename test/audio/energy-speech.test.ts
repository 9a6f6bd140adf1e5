import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { EnergyGate, levelDb } from '../../audio/energy.ts'
import { bytesIn, bytesOfMs, samplesIn, samplesOfMs } from '../../audio/pcm.ts'
import { missing, titled } from '../programs.ts'

const rate = 22_050
const noEspeak = missing('espeak-ng')

/** What espeak-ng says, at its own rate. */
function said(voice: string, text: string): Int16Array {
  const { stdout } = spawnSync('espeak-ng', ['-v', voice, '--stdout', text], { timeout: 20_000 })
  return samplesIn(new Uint8Array(stdout.subarray(44)))
}

interface Room {
  /** How loud the assistant comes back, in decibels against what is played, and how much later. Undefined where it says nothing. */
  readonly echo?: { readonly db: number; readonly delayMs: number }
  /** When the user begins to speak, and how loud. */
  readonly user?: { readonly atMs: number; readonly db: number }
  readonly noiseDb?: number
}

const playsFromMs = 1000
const lengthMs = 13_000

/** What the gate tells in a room: onsets, and offsets below 0. */
function heardIn({ echo, user, noiseDb = -60 }: Room, assistant: Int16Array, person: Int16Array): number[] {
  let state = 1
  const mic = Int16Array.from({ length: samplesOfMs(lengthMs, rate) }, (_, at) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const noise = (state / 2 ** 31 - 1) * Math.sqrt(3) * 32_768 * 10 ** (noiseDb / 20)
    const echoed = echo ? (assistant[at - samplesOfMs(playsFromMs + echo.delayMs, rate)] ?? 0) * 10 ** (echo.db / 20) : 0
    const own = user ? (person[at - samplesOfMs(user.atMs, rate)] ?? 0) * 10 ** (user.db / 20) : 0
    return Math.max(-32_768, Math.min(32_767, Math.round(noise + echoed + own)))
  })
  const told: number[] = []
  const gate = new EnergyGate({ encoding: 'pcm', rate }, { onset: (atMs) => told.push(atMs), offset: (atMs) => told.push(-atMs) })
  const [frame, sound, played] = [bytesOfMs(20, rate), bytesIn(mic), bytesIn(assistant)]
  for (let at = 0; at < sound.length; at += frame) {
    const from = at - bytesOfMs(playsFromMs, rate)
    const isPlaying = echo !== undefined && from >= 0 && from < played.length
    gate.push(sound.subarray(at, at + frame), isPlaying ? levelDb(played.subarray(from, from + frame)) : undefined)
  }
  return told
}

describe.skipIf(noEspeak)(titled('of what espeak-ng says', noEspeak), () => {
  const assistant = noEspeak
    ? new Int16Array()
    : said(
        'en-us',
        'The weather in Berlin will be sunny tomorrow, with a light breeze. It will be about twenty degrees, and there is no rain until the weekend.',
      )
  const person = noEspeak ? new Int16Array() : said('en-gb+m3', 'Wait, I meant Munich. And what about the day after tomorrow?')

  it.each([0, -12, -20])('the user is heard at %d dB, to the time', (db) => {
    const told = heardIn({ user: { atMs: 5000, db } }, assistant, person)
    expect(told[0]).toBeGreaterThanOrEqual(4990)
    expect(told[0]).toBeLessThanOrEqual(5100)
    const endMs = 5000 + (person.length * 1000) / rate
    expect(told.length % 2).toBe(0)
    expect(-(told.at(-1) ?? 0)).toBeGreaterThan(endMs - 600)
    expect(-(told.at(-1) ?? 0)).toBeLessThan(endMs + 50)
  })

  const delays = [0, 80, 200, 350]
  it.each([-6, -12, -20, -35].flatMap((db) => delays.map((delayMs) => ({ db, delayMs }))))(
    'the assistant is not heard, $db dB and $delayMs ms behind itself',
    (echo) => {
      expect(heardIn({ echo }, assistant, person)).toEqual([])
    },
  )

  it.each([
    [-12, 0],
    [-20, -6],
    [-35, -12],
    [-200, -12],
  ])('through an echo of %d dB the user is heard at %d dB', (db, own) => {
    const told = heardIn({ echo: { db, delayMs: 150 }, user: { atMs: 5000, db: own } }, assistant, person)
    expect(told[0]).toBeGreaterThanOrEqual(4990)
    expect(told[0]).toBeLessThanOrEqual(5200)
  })

  it('in a loud room the user is heard once the room is known', () => {
    const told = heardIn({ noiseDb: -42, user: { atMs: 6000, db: -6 } }, assistant, person).filter(
      (atMs) => Math.abs(atMs) > 3500,
    )
    expect(told[0]).toBeGreaterThanOrEqual(5990)
    expect(told[0]).toBeLessThanOrEqual(6100)
  })
})
