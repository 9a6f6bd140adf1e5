import { describe, expect, it } from 'vitest'
import { completeFrom, lineEnds, offsetsOf } from './cuts.ts'
import { countSlowly, type Outcome, play } from './scripted-body.ts'
import { atEach, type RecordedStream, recordedStreams } from './streams.ts'

/**
 * Every recorded stream, cut off at each of its bytes. What was said up to there is said; then there is an error. An answer ends as it
 * should only where its provider had said that it was complete.
 */

const streams = await recordedStreams()

describe.skipIf(streams.length === 0)('a stream that is cut off (skipped: there is no recorded traffic)', () => {
  it.each(streams.map((each) => [each.name, each] as const))('%s', async (_name, stream) => {
    const { bytes, provider, recording } = stream
    const whole = await play(provider, [bytes], recording)
    const known = await knownByLine(stream)
    const complete = whole.end === 'done' ? completeFrom(recording, bytes) : Number.POSITIVE_INFINITY
    const wrong: string[] = []
    const check = async (offset: number, ending: 'end' | 'break'): Promise<void> => {
      const outcome = await play(provider, [bytes.subarray(0, offset)], { ...recording, ending })
      const fault = faultOf(outcome, { whole, isComplete: offset > complete, known: known(offset) })
      if (fault) wrong.push(`${ending} at ${offset} of ${bytes.length}: ${fault}`)
    }
    const offsets = offsetsOf(bytes)
    await atEach(offsets, (offset) => check(offset, 'end'))
    await atEach(
      offsets.filter((_, index) => index % 16 === 0),
      (offset) => check(offset, 'break'),
    )
    expect(wrong.slice(0, 5)).toEqual([])
  })
})

interface Truth {
  readonly whole: Outcome
  /** Whether the provider had said that the answer is complete, or was about to. */
  readonly isComplete: boolean
  /** How many events were there at the end of the last whole line, and at the end of the line that is cut. */
  readonly known: readonly [least: number, most: number]
}

function faultOf({ events, end }: Outcome, { whole, isComplete, known: [least, most] }: Truth): string | undefined {
  if (end === 'hangs' || end.startsWith('a crash')) return end
  const isEnded = end === 'done'
  if (isEnded && !isComplete) return 'a false end'
  // What an answer cost may be told after its end; its content may not.
  const said = isEnded ? events.filter(isOfBlock) : events
  const all = isEnded ? whole.events.filter(isOfBlock) : whole.events
  if (isEnded && said.length !== all.length) return `it ends with ${said.length} events of blocks, not ${all.length}`
  const other = said.findIndex((event, index) => event !== all[index])
  if (other >= 0) return `event ${other} is ${said[other]}, not ${all[other]}`
  if (!isEnded && (said.length < least || said.length > most)) return `${said.length} events, not ${least} to ${most}`
  return undefined
}

function isOfBlock(event: string): boolean {
  return event.startsWith('{"type":"content_block_')
}

/** How many events are known at the end of each line, by reading the stream line by line. */
async function knownByLine({ bytes, provider, recording }: RecordedStream): Promise<(offset: number) => [number, number]> {
  const ends = [...new Set([...lineEnds(bytes), bytes.length])]
  const lines = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
  const counts = await countSlowly(provider, lines, recording)
  return (offset) => {
    const next = ends.findIndex((end) => end > offset)
    return [counts[next - 1] ?? 0, counts[next] ?? 0]
  }
}
