import { describe, expect, it } from 'vitest'
import { cut } from '../upstreams/chunks.ts'
import { offsetsOf } from './cuts.ts'
import { play } from './scripted-body.ts'
import { atEach, recordedStreams } from './streams.ts'

/** Every recorded stream in pieces: wherever it is cut, it says the same. */

const streams = await recordedStreams()

describe.skipIf(streams.length === 0)('a stream in pieces (skipped: there is no recorded traffic)', () => {
  it.each(streams.map((each) => [each.name, each] as const))('%s', async (_name, { bytes, provider, recording }) => {
    const whole = await play(provider, [bytes], recording)
    const wrong: string[] = []
    const check = async (pieces: readonly Uint8Array[], what: string): Promise<void> => {
      const { events, end } = await play(provider, pieces, recording)
      if (end !== whole.end) wrong.push(`${what}: it ends with ${end}, not ${whole.end}`)
      const other = whole.events.findIndex((event, index) => event !== events[index])
      if (other >= 0 || events.length !== whole.events.length) wrong.push(`${what}: event ${other} is ${events[other]}`)
    }
    await check(cut(bytes, 'bytes'), 'in single bytes')
    for (const seed of [1, 2, 3]) await check(cut(bytes, { seed, max: 97 }), `by seed ${seed}`)
    await atEach(offsetsOf(bytes), (at) => check([bytes.subarray(0, at), bytes.subarray(at)], `in two at ${at}`))
    expect(wrong.slice(0, 5)).toEqual([])
  })
})
