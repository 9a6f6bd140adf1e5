import type { LlmProvider } from '../../providers/provider.ts'
import { type Recording, recordedBytes, recordings } from '../upstreams/replay.ts'
import { expectations } from './expectations/index.ts'
import type { Row } from './expectations/row.ts'
import { playerOf } from './players.ts'

/** A recorded stream with the adapter that reads it. */
export interface RecordedStream {
  readonly name: string
  readonly recording: Recording
  readonly row: Row
  readonly bytes: Uint8Array
  readonly provider: LlmProvider
}

/** Every recorded stream; none where there are no recordings. */
export async function recordedStreams(): Promise<RecordedStream[]> {
  const streams = await recordings((recording) => recording.file.startsWith('llm/') && isStream(recording))
  const read = streams.map(async (recording): Promise<RecordedStream[]> => {
    const name = recording.file.slice('llm/'.length)
    const row = expectations[name]
    if (!row) return []
    return [{ name, recording, row, bytes: await recordedBytes(recording), provider: playerOf(row.by) }]
  })
  return (await Promise.all(read)).flat()
}

/** Gemini's array is a stream, though no stream of events. */
export function isStream({ stream, file }: Recording): boolean {
  return stream || file.includes('array-stream')
}

/** Does `work` for each offset, many at a time, so that nobody waits for the event loop alone. */
export async function atEach(offsets: readonly number[], work: (offset: number) => Promise<void>): Promise<void> {
  for (let first = 0; first < offsets.length; first += 64) await Promise.all(offsets.slice(first, first + 64).map(work))
}
