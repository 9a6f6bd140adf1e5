import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EnergyGate, type EnergyOptions, levelDb, silenceDb } from '../../audio/energy.ts'
import { pcmToMulaw } from '../../audio/g711.ts'
import { bytesIn, bytesOfMs, samplesOfMs } from '../../audio/pcm.ts'
import { anyPlaces, cut } from './cut.ts'

const rate = 16_000

/** What is told of sound: `onset` and `offset` with their times. */
function heardIn(sound: Float64Array, options: Partial<EnergyOptions> = {}, playedDb?: (ms: number) => number) {
  const pcm = pcmOf(sound)
  const own = { encoding: 'pcm' as const, rate, ...options }
  const told: [edge: string, atMs: number][] = []
  const gate = new EnergyGate(own, {
    onset: (atMs) => told.push(['onset', atMs]),
    offset: (atMs) => told.push(['offset', atMs]),
  })
  const wire = own.encoding === 'mulaw' ? pcmToMulaw(pcm) : pcm
  const frame = own.encoding === 'mulaw' ? samplesOfMs(20, own.rate) : bytesOfMs(20, own.rate)
  for (let at = 0, ms = 0; at < wire.length; at += frame, ms += 20) gate.push(wire.subarray(at, at + frame), playedDb?.(ms))
  return { told, gate }
}

function pcmOf(sound: Float64Array): Uint8Array {
  return bytesIn(Int16Array.from(sound, (value) => Math.max(-32_768, Math.min(32_767, Math.round(value * 32_768)))))
}

/** Of as many milliseconds as each piece says, one behind the other. */
function sequence(...pieces: readonly Float64Array[]): Float64Array {
  return Float64Array.from(pieces.flatMap((piece) => [...piece]))
}

function mixed(...sounds: readonly Float64Array[]): Float64Array {
  const length = Math.max(...sounds.map((sound) => sound.length))
  return Float64Array.from({ length }, (_, at) => sounds.reduce((sum, sound) => sum + (sound[at] ?? 0), 0))
}

function amplitude(db: number): number {
  return 10 ** (db / 20)
}

/** White noise, the same each time, of that many decibels of full scale. */
function noise(ms: number, db: number, seed = 1, hertz = rate): Float64Array {
  let state = seed
  return Float64Array.from({ length: samplesOfMs(ms, hertz) }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state / 2 ** 31 - 1) * Math.sqrt(3) * amplitude(db)
  })
}

function tone(ms: number, db: number, pitch = 220, hertz = rate): Float64Array {
  return Float64Array.from(
    { length: samplesOfMs(ms, hertz) },
    (_, at) => Math.SQRT2 * amplitude(db) * Math.sin((2 * Math.PI * pitch * at) / hertz),
  )
}

/** Syllables: a buzz of several tones that swells four times a second and closes shortly in between. */
function voice(ms: number, db: number, hertz = rate): Float64Array {
  const harmonics = [130, 260, 390, 780, 1300, 2600]
  return Float64Array.from({ length: samplesOfMs(ms, hertz) }, (_, at) => {
    const seconds = at / hertz
    const swell = Math.max(0, Math.sin(2 * Math.PI * 4 * (seconds % 0.25) * 0.55)) ** 0.5
    const buzz = harmonics.reduce((sum, pitch) => sum + Math.sin(2 * Math.PI * pitch * seconds), 0)
    return (amplitude(db) * swell * buzz) / Math.sqrt(harmonics.length / 2)
  })
}

const silence = (ms: number): Float64Array => new Float64Array(samplesOfMs(ms, rate))
const edges = (told: readonly (readonly [string, number])[]) => told.map(([edge]) => edge)
const quiet = -60

describe('a voice', () => {
  it.each([30, 20, 12])('is noticed in noise %d dB below it, to the time', (snr) => {
    const noiseDb = -30 - snr
    const sound = mixed(noise(9000, noiseDb), sequence(silence(5000), voice(2000, -30)))
    const told = heardIn(sound).told.filter(([, atMs]) => atMs > 4000)
    expect(edges(told)).toEqual(['onset', 'offset'])
    expect(told[0]?.[1]).toBeGreaterThanOrEqual(4990)
    expect(told[0]?.[1]).toBeLessThanOrEqual(5060)
    expect(told[1]?.[1]).toBeGreaterThan(6900)
    expect(told[1]?.[1]).toBeLessThanOrEqual(7020)
  })

  it.each([8000, 11_025, 22_050, 24_000, 44_100, 48_000])('is noticed at %d Hz', (hertz) => {
    const sound = mixed(noise(3000, quiet, 1, hertz), sequence(new Float64Array(hertz), voice(1000, -30, hertz)))
    const { told } = heardIn(sound, { rate: hertz })
    expect(edges(told)).toEqual(['onset', 'offset'])
    expect(Math.abs((told[0]?.[1] ?? 0) - 1000)).toBeLessThanOrEqual(30)
    expect(Math.abs((told[1]?.[1] ?? 0) - 2000)).toBeLessThanOrEqual(60)
  })

  it('is noticed in µ-law as in PCM', () => {
    const sound = mixed(noise(3000, quiet, 1, 8000), sequence(new Float64Array(8000), voice(1000, -30, 8000)))
    const options = { rate: 8000 }
    expect(heardIn(sound, { ...options, encoding: 'mulaw' }).told).toEqual(heardIn(sound, options).told)
  })

  it('is noticed from the very beginning of the sound', () => {
    expect(heardIn(sequence(voice(800, -30), noise(1000, quiet))).told[0]).toEqual(['onset', expect.closeTo(0, -2)])
  })

  it('is noticed although it is soft, where it is quiet', () => {
    expect(edges(heardIn(mixed(noise(6000, -70), sequence(silence(4000), voice(1000, -44)))).told)).toEqual(['onset', 'offset'])
  })

  it('goes on through the stops within it, and is over after its end', () => {
    const speech = sequence(voice(500, -30), silence(150), voice(500, -30), silence(600), voice(400, -30), silence(600))
    const { told } = heardIn(mixed(noise(4000, quiet), speech))
    expect(edges(told)).toEqual(['onset', 'offset', 'onset', 'offset'])
  })

  it('begins with what came shortly before it, and not before the sound', () => {
    const from: number[] = []
    const listener = { onset: (_: number, fromMs: number) => from.push(fromMs), offset: () => undefined }
    const gate = new EnergyGate({ encoding: 'pcm', rate, preRollMs: 250 }, listener)
    gate.push(pcmOf(sequence(voice(300, -30), silence(700), tone(500, -30))))
    expect(from).toEqual([0, 750])
  })

  it('is over where the sound is', () => {
    const { told, gate } = heardIn(sequence(silence(500), tone(500, -30)))
    expect(gate.isVoice).toBe(true)
    gate.end()
    expect(gate.isVoice).toBe(false)
    expect(told).toEqual([
      ['onset', 500],
      ['offset', 1000],
    ])
    gate.end()
    expect(told).toHaveLength(2)
  })
})

describe('no voice is', () => {
  it.each<[string, Float64Array]>([
    ['silence', silence(5000)],
    ['a quiet room', noise(8000, quiet)],
    ['a click', mixed(noise(3000, quiet), sequence(silence(2000), tone(20, -10)))],
    [
      'many clicks',
      mixed(noise(3000, quiet), sequence(...Array.from({ length: 12 }, () => sequence(silence(200), noise(20, -15))))),
    ],
    ['an offset', Float64Array.from({ length: 48_000 }, () => 0.4)],
    [
      'an offset that drifts, with noise',
      mixed(
        noise(6000, quiet),
        Float64Array.from({ length: 96_000 }, (_, at) => 0.3 * Math.sin(at / 30_000)),
      ),
    ],
    ['the hum of the mains', mixed(noise(6000, quiet), tone(6000, -46, 50))],
    ['a voice softer than any', mixed(noise(6000, -75), sequence(silence(3000), voice(1000, -62)))],
  ])('%s', (_, sound) => {
    expect(heardIn(sound).told).toEqual([])
  })

  it('a step of the offset', () => {
    const sound = sequence(
      silence(1000),
      Float64Array.from({ length: 16_000 }, () => 0.3),
    )
    expect(heardIn(sound).told).toEqual([])
  })

  it('noise that has gone on for some seconds, however loud', () => {
    const { told, gate } = heardIn(sequence(noise(3000, quiet), noise(12_000, -25, 7)))
    expect(edges(told)).toEqual(['onset', 'offset'])
    expect(told[1]?.[1]).toBeLessThan(6500)
    expect(gate.noiseDb).toBeGreaterThan(-30)
    expect(gate.noiseDb).toBeLessThan(-24)
  })

  it('noise that the gate knows, for minutes', () => {
    const { told } = heardIn(noise(120_000, -38, 3))
    expect(told.filter(([, atMs]) => atMs > 4000)).toEqual([])
  })
})

describe('the noise', () => {
  it('is forgotten at once where it becomes quiet, so that a soft voice is noticed', () => {
    const sound = mixed(sequence(noise(8000, -30), noise(4000, -65, 5)), sequence(silence(9000), voice(1000, -42)))
    expect(edges(heardIn(sound).told.filter(([, atMs]) => atMs > 8000))).toEqual(['onset', 'offset'])
  })

  it('is not learnt from a microphone that is off', () => {
    const sound = sequence(noise(5000, -40), silence(60_000), noise(3000, -40, 9))
    expect(heardIn(sound).told.filter(([, atMs]) => atMs > 4000)).toEqual([])
  })
})

describe('while the assistant plays', () => {
  const playedDb = -20
  const plays = (fromMs: number, toMs: number) => (ms: number) =>
    ms >= fromMs && ms < toMs ? playedDb : Number.NEGATIVE_INFINITY
  /** From 1 s to 9 s, heard so much later and softer. */
  const echo = (delayMs: number, coupling: number) => sequence(silence(1000 + delayMs), voice(8000, playedDb + coupling))

  it.each<[number, number]>([
    [0, -12],
    [150, -15],
    [250, -30],
    [150, -6],
  ])('its echo %d ms later and of %d dB is no voice', (delayMs, coupling) => {
    const sound = mixed(noise(11_000, quiet), echo(delayMs, coupling))
    expect(heardIn(sound, {}, plays(1000, 9000)).told).toEqual([])
  })

  it('without being told of it its echo is one', () => {
    expect(heardIn(mixed(noise(11_000, quiet), echo(150, -15))).told).not.toEqual([])
  })

  it('an echo that is louder than was thought stops nothing twice', () => {
    const sound = mixed(noise(11_000, quiet), echo(100, 4))
    const { told } = heardIn(sound, {}, plays(1000, 9000))
    expect(edges(told)).toEqual(['onset', 'offset'])
    expect(told[1]?.[1]).toBeLessThan(4000)
  })

  it.each<[string, number, number]>([
    ['through a soft echo', -30, -28],
    ['through an echo, where it is louder', -15, -18],
    ['where no echo comes back', -200, -35],
  ])('a voice is noticed %s', (_, coupling, voiceDb) => {
    const sound = mixed(noise(11_000, quiet), echo(150, coupling), sequence(silence(6000), voice(1500, voiceDb)))
    const { told } = heardIn(sound, {}, plays(1000, 9000))
    expect(told[0]?.[0]).toBe('onset')
    expect(told[0]?.[1]).toBeGreaterThan(5990)
    expect(told[0]?.[1]).toBeLessThan(6300)
  })

  it('the threshold is higher, and as before soon after', () => {
    const { gate } = heardIn(
      mixed(noise(3000, quiet), sequence(silence(1000), voice(2000, playedDb - 15))),
      {},
      plays(1000, 3000),
    )
    const during = gate.thresholdDb
    gate.push(pcmOf(noise(2500, quiet)))
    expect(during).toBeGreaterThan(gate.thresholdDb + 8)
    expect(gate.thresholdDb).toBeLessThanOrEqual(-49)
  })

  it('an echo that was taken for a voice raises the threshold, when the gate is told', () => {
    const { gate } = heardIn(mixed(noise(2000, quiet), echo(0, -10).subarray(0, 32_000)), {}, plays(1000, 3000))
    const before = gate.thresholdDb
    gate.wasEcho()
    expect(gate.thresholdDb).toBeCloseTo(before + 6)
    for (let times = 0; times < 20; times++) gate.wasEcho()
    expect(gate.thresholdDb).toBeLessThanOrEqual(playedDb + 16)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('a level of %d does no lasting harm', (level) => {
    const sound = mixed(noise(5000, quiet), sequence(silence(3000), voice(800, -25)))
    const { told } = heardIn(sound, {}, (ms) => (ms < 500 ? level : Number.NEGATIVE_INFINITY))
    expect(edges(told)).toEqual(['onset', 'offset'])
  })
})

describe('the gate', () => {
  it('says the same of any pieces', () => {
    const sound = pcmOf(mixed(noise(2500, quiet), sequence(silence(500), voice(700, -30), silence(500), voice(300, -30))))
    const tell = (pieces: readonly Uint8Array[]) => {
      const told: number[] = []
      const gate = new EnergyGate({ encoding: 'pcm', rate }, { onset: (at) => told.push(at), offset: (at) => told.push(-at) })
      for (const piece of pieces) gate.push(piece)
      return told
    }
    const whole = tell([sound])
    expect(whole).toHaveLength(4)
    fc.assert(
      fc.property(anyPlaces, (places) => {
        expect(
          tell(
            cut(
              sound,
              places.map((place) => (place % (sound.length / 2)) * 2),
            ),
          ),
        ).toEqual(whole)
      }),
      { numRuns: 50 },
    )
  })

  it('tells onsets and offsets in turn, in the order of their times, of whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom('noise', 'voice', 'tone'),
            fc.integer({ min: 5, max: 900 }),
            fc.integer({ min: -80, max: 0 }),
            fc.integer({ min: -70, max: 0 }),
          ),
          { maxLength: 12 },
        ),
        (parts) => {
          const told: [string, number, number][] = []
          const gate = new EnergyGate(
            { encoding: 'pcm', rate },
            { onset: (at, from) => told.push(['onset', at, from]), offset: (at) => told.push(['offset', at, 0]) },
          )
          let ms = 0
          for (const [kind, length, db, played] of parts) {
            gate.push(
              pcmOf(kind === 'noise' ? noise(length, db) : kind === 'voice' ? voice(length, db) : tone(length, db)),
              played,
            )
            ms += length
          }
          gate.end()
          expect(told.length % 2).toBe(0)
          for (const [index, [edge, at, from]] of told.entries()) {
            expect(edge).toBe(index % 2 === 0 ? 'onset' : 'offset')
            expect(at).toBeGreaterThanOrEqual(told[index - 1]?.[1] ?? 0)
            expect(at).toBeLessThanOrEqual(ms)
            expect(from).toBeLessThanOrEqual(at)
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it('copies nothing of the sound that comes', () => {
    const gate = new EnergyGate({ encoding: 'pcm', rate }, { onset: () => undefined, offset: () => undefined })
    const frame = pcmOf(voice(20, -30))
    const push = (times: number) => {
      for (let pushed = 0; pushed < times; pushed++) gate.push(frame, -25)
    }
    // Once the engine has compiled it there is nothing at all; what is left here are numbers that pass between functions.
    const grown = Array.from({ length: 6 }, () => {
      const before = process.memoryUsage().heapUsed
      push(20_000)
      return (process.memoryUsage().heapUsed - before) / 20_000
    })
    expect(Math.min(...grown.map(Math.abs))).toBeLessThan(128)
  })

  it('needs a rate that has blocks', () => {
    const listener = { onset: () => undefined, offset: () => undefined }
    expect(() => new EnergyGate({ encoding: 'pcm', rate: 10 }, listener)).toThrow(RangeError)
  })
})

describe('levelDb', () => {
  it('measures in decibels of full scale', () => {
    expect(levelDb(pcmOf(tone(1000, -20)))).toBeCloseTo(-20, 1)
    expect(levelDb(new Uint8Array(99))).toBe(silenceDb)
    expect(levelDb(new Uint8Array(0))).toBe(silenceDb)
  })
})
