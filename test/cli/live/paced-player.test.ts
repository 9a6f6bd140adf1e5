import type { LivePlayerListener, PlaybackMark } from '@vai/sdk'
import { describe, expect, it } from 'vitest'
import { AudiblePlayer } from '../../../cli/live/audible-player.ts'
import { PacedPlayer } from '../../../cli/live/paced-player.ts'
import { ShownPlayer } from '../../../cli/live/shown-player.ts'
import type { Sink } from '../../../cli/live/sink.ts'
import { ManualClock } from '../../manual-clock.ts'

const rate = 24_000
const bytesPerMs = 48

/** Sound that is never silent, each sample its own. */
function sound(ms: number, first = 1): Uint8Array {
  return new Uint8Array(Int16Array.from({ length: ms * 24 }, (_, index) => first + (index % 30_000)).buffer)
}

class Tape implements Sink {
  readonly leadMs: number
  readonly isContinuous: boolean
  isBlocked = false
  isClosed = false
  opened = 0
  readonly #pieces: Uint8Array[] = []

  constructor(leadMs: number, isContinuous: boolean) {
    this.leadMs = leadMs
    this.isContinuous = isContinuous
  }

  open(): void {
    this.opened++
  }

  write(pcm: Uint8Array): void {
    expect(pcm.length % 2).toBe(0)
    this.#pieces.push(Uint8Array.from(pcm))
  }

  async close(): Promise<void> {
    this.isClosed = true
  }

  get ms(): number {
    return this.bytes.length / bytesPerMs
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  /** Without any silence. */
  get sound(): Buffer {
    return Buffer.from(
      Int16Array.from(new Int16Array(Uint8Array.from(this.bytes).buffer).filter((sample) => sample !== 0)).buffer,
    )
  }
}

const format = { encoding: 'pcm_s16le', sample_rate_hz: rate } as const

function stage({ leadMs = 80, isContinuous = false } = {}) {
  const clock = new ManualClock()
  const sink = new Tape(leadMs, isContinuous)
  const marks: PlaybackMark[] = []
  const failures: string[] = []
  const began: [string, number][] = []
  const listener: LivePlayerListener = {
    mark: (mark) => void marks.push(mark),
    began: (id, inMs) => void began.push([id, inMs]),
    failed: (why) => void failures.push(why),
  }
  const player = new PacedPlayer({ sink, rate, clock })
  player.open(format, listener)
  return { clock, sink, marks, began, failures, listener, player }
}

describe('what plays', () => {
  it('gives sound no further ahead than it has to, without a gap, and tells of it until it is over', () => {
    const { clock, sink, marks, began, player } = stage()
    player.begin('audio_1')
    player.give('audio_1', sound(600))
    expect(sink.ms).toBe(80)
    for (let ms = 0; ms < 600; ms += 20) {
      expect(sink.ms).toBeLessThanOrEqual(ms + 80)
      clock.advance(20)
    }
    player.end('audio_1')
    clock.advance(200)
    expect(sink.sound).toEqual(Buffer.from(sound(600)))
    expect(began).toEqual([['audio_1', 0]])
    expect(marks.at(-1)).toEqual({ assistant_audio_id: 'audio_1', played_ms: 600, buffered_ms: 0, state: 'finished' })
    const playing = marks.slice(0, -1)
    expect(playing.length).toBeGreaterThanOrEqual(3)
    for (const { state, played_ms, buffered_ms } of playing) {
      expect(state).toBe('playing')
      expect(played_ms + (buffered_ms ?? 0)).toBe(600)
    }
    expect(playing.map(({ played_ms }) => played_ms)).toEqual(playing.map(({ played_ms }) => played_ms).sort((a, b) => a - b))
  })

  it('rests once all was played, and begins anew with the next', () => {
    const { clock, sink, marks, player } = stage()
    for (const id of ['audio_1', 'audio_2']) {
      player.begin(id)
      player.give(id, sound(100))
      player.end(id)
      clock.advance(5000)
      expect(clock.waiting).toBe(0)
    }
    expect(marks.filter(({ state }) => state === 'finished').map(({ assistant_audio_id }) => assistant_audio_id)).toEqual([
      'audio_1',
      'audio_2',
    ])
    // After each, as much silence as what plays in blocks needs.
    expect(sink.ms).toBeLessThan(1200)
  })

  it('is silent after a reset but for what was given away, and tells exactly that', () => {
    const { clock, sink, marks, player } = stage()
    player.begin('audio_1')
    player.give('audio_1', sound(1000))
    clock.advance(300)
    player.reset('audio_1')
    expect(marks.at(-1)).toEqual({ assistant_audio_id: 'audio_1', played_ms: 380, buffered_ms: 0, state: 'stopped' })
    player.give('audio_1', sound(500))
    player.end('audio_1')
    clock.advance(2000)
    expect(sink.sound).toEqual(Buffer.from(sound(1000).subarray(0, 380 * bytesPerMs)))
    expect(marks.at(-1)?.state).toBe('stopped')
  })

  it('counts nothing as played where nothing came, and sound that came late as soon as it is heard', () => {
    const { clock, sink, marks, player } = stage()
    player.begin('audio_1')
    player.give('audio_1', sound(100))
    clock.advance(1000)
    expect(marks.at(-1)).toMatchObject({ played_ms: 100, state: 'playing' })
    player.give('audio_1', sound(100, 5000))
    player.end('audio_1')
    clock.advance(60)
    expect(marks.at(-1)).toMatchObject({ state: 'playing' })
    clock.advance(200)
    expect(marks.at(-1)).toMatchObject({ played_ms: 200, state: 'finished' })
    expect(sink.sound).toEqual(Buffer.concat([sound(100), sound(100, 5000)]))
  })

  it('stands still while it is held, and goes on where it was', () => {
    const { clock, sink, marks, player } = stage()
    player.begin('audio_1')
    player.give('audio_1', sound(300))
    clock.advance(100)
    player.hold()
    const [before, told] = [sink.sound.length, marks.length]
    clock.advance(3000)
    expect([sink.sound.length, marks.length]).toEqual([before, told])
    player.go()
    player.end('audio_1')
    clock.advance(400)
    expect(sink.sound).toEqual(Buffer.from(sound(300)))
    expect(marks.at(-1)).toMatchObject({ played_ms: 300, state: 'finished' })
  })

  it('has played nothing while what it gives sound to takes none', () => {
    const { clock, sink, marks, player } = stage()
    player.begin('audio_1')
    player.give('audio_1', sound(500))
    clock.advance(100)
    sink.isBlocked = true
    const before = sink.ms
    clock.advance(5000)
    expect(sink.ms).toBe(before)
    expect(marks.at(-1)?.played_ms).toBeLessThanOrEqual(180)
    sink.isBlocked = false
    player.end('audio_1')
    clock.advance(600)
    expect(marks.at(-1)).toMatchObject({ played_ms: 500, state: 'finished' })
  })

  it('keeps the time from the beginning to the end where silence counts', () => {
    const { clock, sink, player } = stage({ leadMs: 0, isContinuous: true })
    clock.advance(500)
    player.begin('audio_1')
    player.give('audio_1', sound(200))
    player.end('audio_1')
    clock.advance(500)
    expect(sink.ms).toBe(1000)
    const whole = sink.bytes
    expect(whole.subarray(0, 500 * bytesPerMs).every((byte) => byte === 0)).toBe(true)
    expect(whole.subarray(500 * bytesPerMs, 700 * bytesPerMs)).toEqual(Buffer.from(sound(200)))
    expect(whole.subarray(700 * bytesPerMs).every((byte) => byte === 0)).toBe(true)
  })

  it('plays what comes between two ticks no earlier than it came', () => {
    const { clock, sink, began, player } = stage({ leadMs: 0, isContinuous: true })
    clock.advance(495)
    player.begin('audio_1')
    player.give('audio_1', sound(100))
    clock.advance(505)
    // Which is told with the next tick.
    expect(began).toEqual([['audio_1', -5]])
    expect(sink.bytes.subarray(495 * bytesPerMs, 595 * bytesPerMs)).toEqual(Buffer.from(sound(100)))
    expect(sink.sound.length).toBe(100 * bytesPerMs)
  })

  it('takes chunks that are cut within samples', () => {
    const { clock, sink, player } = stage()
    const whole = sound(100)
    player.begin('audio_1')
    for (const [from, to] of [
      [0, 1],
      [1, 334],
      [334, 335],
      [335, whole.length],
    ])
      player.give('audio_1', whole.subarray(from, to))
    clock.advance(300)
    expect(sink.sound).toEqual(Buffer.from(whole))
  })

  it('plays a segment that begins before the one before is over after it', () => {
    const { clock, sink, marks, player } = stage()
    player.begin('audio_1')
    player.give('audio_1', sound(100))
    player.end('audio_1')
    player.begin('audio_2')
    player.give('audio_2', sound(100, 9000))
    player.end('audio_2')
    clock.advance(1000)
    expect(sink.sound).toEqual(Buffer.concat([sound(100), sound(100, 9000)]))
    expect(marks.filter(({ state }) => state === 'finished')).toHaveLength(2)
  })

  it('ends without another word', async () => {
    const { clock, sink, marks, player } = stage()
    player.begin('audio_1')
    player.give('audio_1', sound(500))
    clock.advance(100)
    const told = marks.length
    await player.close()
    player.give('audio_1', sound(500))
    clock.advance(1000)
    expect([sink.isClosed, marks.length, clock.waiting]).toEqual([true, told, 0])
  })
})

describe('where nothing plays', () => {
  it('what is there counts as heard, which is told a few times a second', () => {
    const { clock, marks, began, listener } = stage()
    const player = new ShownPlayer(rate, clock)
    player.open(format, listener)
    player.begin('audio_1')
    player.give('audio_1', sound(400))
    player.give('audio_1', sound(400))
    expect(marks).toEqual([])
    clock.advance(1000)
    player.give('audio_1', sound(50))
    player.end('audio_1')
    player.begin('audio_2')
    player.give('audio_2', sound(10))
    clock.advance(1000)
    player.reset('audio_2')
    player.end('audio_2')
    clock.advance(1000)
    expect(began).toEqual([
      ['audio_1', 0],
      ['audio_2', 0],
    ])
    expect(marks.map(({ played_ms, state }) => [played_ms, state])).toEqual([
      [800, 'playing'],
      [850, 'finished'],
      [10, 'playing'],
      [10, 'stopped'],
    ])
    expect(clock.waiting).toBe(0)
  })

  it('goes on with what shows where what plays fails in the middle', () => {
    const { clock, marks, listener, player: paced } = stage()
    const player = new AudiblePlayer(paced, new ShownPlayer(rate, clock))
    player.open(format, listener)
    player.begin('audio_1')
    player.give('audio_1', sound(2000))
    clock.advance(200)
    player.failed()
    clock.advance(100)
    expect(marks.at(-1)).toMatchObject({ assistant_audio_id: 'audio_1', played_ms: 2000, state: 'playing' })
    player.give('audio_1', sound(100))
    player.end('audio_1')
    clock.advance(100)
    expect(marks.at(-1)).toMatchObject({ played_ms: 2100, state: 'finished' })
    expect(clock.waiting).toBe(0)
  })
})
