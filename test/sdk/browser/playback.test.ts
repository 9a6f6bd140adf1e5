import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Playback, type PlaybackReport } from '../../../sdk/typescript/browser/worklet.ts'

const quantum = 128

describe('what runs on the audio thread and plays', () => {
  it('plays segments one after the other, without a gap, and says when all of each was heard', () => {
    const stage = new Stage()
    stage.say('a', ramp(1, 200)).end('a').say('b', ramp(201, 100)).end('b')
    expect(stage.render(3)).toEqual([...ramp(1, 300), ...zeros(84)])
    expect(stage.states).toEqual(['a began', 'b began', 'a finished 200/200', 'b finished 100/100'])
  })

  it('waits until there is enough to begin with, or until there is no more to wait for', () => {
    const stage = new Stage({ bufferFrames: 300 })
    stage.say('a', ones(299))
    expect(stage.render(1)).toEqual(zeros(quantum))
    stage.give('a', ones(1))
    expect(stage.render(1)).toEqual(ones(quantum))
    const short = new Stage({ bufferFrames: 300 })
    short.say('a', ones(10)).end('a')
    expect(short.render(1)).toEqual([...ones(10), ...zeros(118)])
  })

  it('is silent within one quantum of a reset, fades in it, and tells exactly what was handed on', () => {
    const stage = new Stage({ latency: 1000 })
    stage.say('a', ones(5000)).end('a')
    stage.render(3)
    stage.reset('a')
    expect(stage.states).toEqual(['a began'])
    const faded = stage.render(1)
    expect(stage.states).toEqual(['a began', 'a stopped 512/512'])
    expect(greatestStep([1, ...faded, 0])).toBeLessThan(0.02)
    expect(faded.every((sample, at) => sample <= (faded[at - 1] ?? 1))).toBe(true)
    stage.give('a', ones(1000))
    expect(stage.render(3)).toEqual(zeros(3 * quantum))
  })

  it('plays what comes behind a reset in the quantum after it', () => {
    const stage = new Stage()
    stage.say('a', ones(5000))
    stage.render(1)
    stage.reset('a').say('b', ones(300))
    expect(stage.render(1).at(-1)).toBe(0)
    expect(stage.render(1)).toEqual(ones(quantum))
    expect(stage.states).toEqual(['a began', 'a stopped 256/256', 'b began'])
  })

  it('answers a reset at once where nothing sounds, and none of what is over', () => {
    const stage = new Stage()
    stage.say('a', ones(500)).say('b', ones(500)).reset('b').reset('a').reset('c')
    expect(stage.states).toEqual(['b stopped 0/0', 'a stopped 0/0'])
    stage.say('d', ones(10)).end('d')
    stage.render(2)
    stage.reset('d')
    expect(stage.states.slice(2)).toEqual(['d began', 'd finished 10/10'])
  })

  it('counts as heard what has left the loudspeaker, and as finished what has done so to its end', () => {
    const stage = new Stage({ rate: 12_800, latency: 2 * quantum })
    stage.say('a', ones(12 * quantum)).end('a')
    stage.render(13)
    expect(stage.states).toEqual(['a began', 'a playing 1024/1280'])
    stage.render(1)
    expect(stage.states.at(-1)).toBe('a finished 1536/1536')
  })

  it('takes all for heard that was handed on and then reset, as it cannot be taken back', () => {
    const stage = new Stage({ latency: 100_000 })
    stage.say('a', ones(300)).end('a')
    stage.render(5)
    stage.reset('a')
    expect(stage.states).toEqual(['a began', 'a stopped 300/300'])
  })

  it('counts sound that comes too late, without a step in what is heard', () => {
    const stage = new Stage({ bufferFrames: 256 })
    stage.say('a', ones(300))
    const before = stage.render(4)
    expect(stage.underruns).toBe(0)
    stage.give('a', ones(100))
    expect(stage.render(1)).toEqual(zeros(quantum))
    stage.give('a', ones(600))
    const after = stage.render(8)
    stage.end('a').render(1)
    expect(greatestStep([...before.slice(quantum), ...after])).toBeLessThan(0.08)
    expect(stage.states).toEqual(['a began', 'a finished 1000/1000'])
    expect(stage.underruns).toBe(2)
  })

  it('stands still while it is held, and fades on either side', () => {
    const stage = new Stage({ rate: 1280 })
    stage.say('a', ones(4000))
    stage.render(1)
    stage.playback.take({ type: 'hold' })
    const held = stage.render(4)
    expect(held.slice(quantum)).toEqual(zeros(3 * quantum))
    const told = stage.states.length
    stage.playback.take({ type: 'go' })
    const on = stage.render(2)
    expect(greatestStep([1, ...held, ...on])).toBeLessThan(0.02)
    expect(stage.states.slice(told)).toEqual(['a playing 384/384', 'a playing 512/512'])
  })

  it.each([0, 1, 2, 3])('plays nothing of what is reset before it goes on, wherever the quanta fall (%i)', (falls) => {
    const stage = new Stage()
    stage.say('a', ones(4000))
    stage.render(2)
    stage.playback.take({ type: 'hold' })
    if (falls & 1) stage.render(3)
    stage.reset('a')
    if (falls & 2) stage.render(3)
    stage.say('b', ones(500)).end('b')
    stage.playback.take({ type: 'go' })
    stage.render(8)
    // The one quantum in which it faded.
    expect(stage.states).toEqual(['a began', 'a stopped 384/384', 'b began', 'b finished 500/500'])
    const behind = stage.out.slice(3 * quantum)
    const begins = behind.indexOf(1)
    expect(behind).toEqual([...zeros(begins), ...ones(500), ...zeros(behind.length - begins - 500)])
  })

  it('tells of nothing while it is held that nobody could be told, but of a reset, and of the rest when it goes on', () => {
    for (const order of ['go', 'reset'] as const) {
      const stage = new Stage({ latency: 2 * quantum })
      stage.say('a', ones(quantum)).end('a')
      stage.render(2)
      stage.playback.take({ type: 'hold' })
      stage.render(5)
      expect(stage.states).toEqual(['a began'])
      stage.playback.take(order === 'go' ? { type: 'go' } : { type: 'reset', id: 'a' })
      stage.render(1)
      expect(stage.states).toEqual(['a began', order === 'go' ? 'a finished 128/128' : 'a stopped 128/128'])
    }
  })

  it('tells of progress every 100 ms of playing, and of none where there is none', () => {
    const stage = new Stage({ rate: 48_000 })
    stage.say('a', ones(48_000))
    stage.render(Math.ceil(48_000 / quantum) * 3)
    const heard = stage.reports.flatMap(({ state, heard }) => (state === 'playing' ? [heard] : []))
    expect(heard).toHaveLength(10)
    expect(heard.at(-1)).toBe(48_000)
    for (const [at, each] of heard.entries()) expect(each - (heard[at - 1] ?? 0)).toBeLessThanOrEqual(4800 + quantum)
  })

  it('is closed once what sounds has faded', () => {
    const stage = new Stage()
    stage.say('a', ones(4000))
    stage.render(1)
    stage.playback.take({ type: 'close' })
    expect(stage.playback.isClosed).toBe(false)
    expect(stage.render(1).at(-1)).toBe(0)
    expect(stage.playback.isClosed).toBe(true)
  })

  it('counts no more than it was given and hands on all of it, whatever happens in between', () => {
    const step = fc.oneof(
      fc.record({
        type: fc.constant('give' as const),
        id: fc.integer({ min: 0, max: 3 }),
        length: fc.integer({ min: 1, max: 700 }),
      }),
      fc.record({
        type: fc.constantFrom('begin' as const, 'end' as const, 'reset' as const),
        id: fc.integer({ min: 0, max: 3 }),
      }),
      fc.record({ type: fc.constantFrom('hold' as const, 'go' as const) }),
      fc.record({ type: fc.constant('latency' as const), frames: fc.integer({ min: 0, max: 900 }) }),
      fc.record({ type: fc.constant('render' as const) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const stage = new Stage({ bufferFrames: 200 })
        const begun = new Set<number>()
        const given = new Map<string, number>()
        for (const each of steps) {
          if (each.type === 'render') stage.render(1)
          else if (each.type === 'give') {
            const id = String(each.id)
            if (begun.has(each.id)) given.set(id, (given.get(id) ?? 0) + each.length)
            stage.give(id, ones(each.length))
          } else if (each.type !== 'begin') stage.playback.take('id' in each ? { type: each.type, id: String(each.id) } : each)
          else if (!begun.has(each.id)) {
            begun.add(each.id)
            stage.playback.take({ type: 'begin', id: String(each.id) })
          }
        }
        stage.playback.take({ type: 'go' })
        for (const id of begun) stage.end(String(id))
        const sounded = stage.out.length
        stage.render(120)
        expect(stage.out.slice(-quantum)).toEqual(zeros(quantum))
        expect(sounded).toBeLessThanOrEqual(stage.out.length)
        const last = new Map<string, PlaybackReport>()
        for (const report of stage.reports) {
          const before = last.get(report.id)
          expect(report.heard).toBeGreaterThanOrEqual(before?.heard ?? 0)
          expect(report.heard).toBeLessThanOrEqual(report.handed)
          expect(before?.state ?? 'began').not.toMatch(/finished|stopped/)
          last.set(report.id, report)
        }
        const ended = [...last.values()]
        expect(ended.map(({ id }) => Number(id)).sort()).toEqual([...begun].sort())
        for (const { id, state, heard } of ended) {
          expect(state).toMatch(/finished|stopped/)
          if (state === 'finished') expect(heard).toBeGreaterThanOrEqual(0)
          expect(heard).toBeLessThanOrEqual(given.get(id) ?? 0)
        }
        // What is faded to nothing at its edge is a frame at most on either side of a break.
        const handed = ended.reduce((sum, report) => sum + report.handed, 0)
        const audible = stage.out.filter((sample) => sample !== 0).length
        expect(audible).toBeLessThanOrEqual(handed)
        expect(audible).toBeGreaterThanOrEqual(handed - 2 * (steps.length + stage.underruns + 1))
      }),
      { numRuns: 150, seed: 8 },
    )
  })
})

class Stage {
  readonly reports: PlaybackReport[] = []
  readonly out: number[] = []
  readonly playback: Playback

  constructor({ rate = 48_000, bufferFrames = 1, latency = 0 } = {}) {
    this.playback = new Playback({ rate, bufferFrames, report: (report) => this.reports.push(report) })
    this.playback.take({ type: 'latency', frames: latency })
  }

  get states(): string[] {
    return this.reports.map(({ id, state, heard, handed }) => `${id} ${state}${state === 'began' ? '' : ` ${heard}/${handed}`}`)
  }

  get underruns(): number {
    return this.reports.at(-1)?.underruns ?? 0
  }

  say(id: string, samples: readonly number[]): this {
    this.playback.take({ type: 'begin', id })
    return this.give(id, samples)
  }

  give(id: string, samples: readonly number[]): this {
    this.playback.take({ type: 'give', id, samples: Float32Array.from(samples) })
    return this
  }

  end(id: string): this {
    this.playback.take({ type: 'end', id })
    return this
  }

  reset(id: string): this {
    this.playback.take({ type: 'reset', id })
    return this
  }

  render(quanta: number): number[] {
    const out = new Float32Array(quanta * quantum)
    for (let at = 0; at < quanta; at++) this.playback.render(out.subarray(at * quantum, (at + 1) * quantum))
    for (const sample of out) this.out.push(sample)
    return [...out]
  }
}

function ramp(from: number, length: number): number[] {
  return Array.from({ length }, (_, at) => from + at)
}

function ones(length: number): number[] {
  return new Array<number>(length).fill(1)
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0)
}

function greatestStep(samples: readonly number[]): number {
  return samples.reduce((most, sample, at) => Math.max(most, Math.abs(sample - (samples[at - 1] ?? sample))), 0)
}
