import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import type { Chunking } from './chunks.ts'
import { fixturesDir, recordedBytes, recordings, replay } from './replay.ts'
import { startUpstream, type Upstream } from './upstream.ts'

const started: Upstream[] = []
afterEach(async () => {
  for (const upstream of started.splice(0)) await upstream.close()
})

describe.skipIf(fixturesDir() === undefined)('recorded traffic (skipped: VAI_FIXTURES_DIR has none)', () => {
  it.each<[string, Chunking]>([
    ['whole', 'whole'],
    ['cut at random', { seed: 1 }],
    ['cut everywhere', 'bytes'],
  ])('arrives as it was recorded, %s', async (_name, chunks) => {
    const [recording] = await recordings(({ api, stream }) => api === 'anthropic' && stream)
    if (!recording) throw new Error('no recording')
    const upstream = await startUpstream(await replay(recording, { chunks }))
    started.push(upstream)
    const answer = await fetch(upstream.url)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([recording.status, recording.contentType])
    expect(digest(new Uint8Array(await answer.arrayBuffer()))).toBe(digest(await recordedBytes(recording)))
  })

  it('has every file that the manifest names', async () => {
    const all = await recordings()
    expect(all.length).toBeGreaterThan(100)
    for (const recording of all) expect((await recordedBytes(recording)).length).toBeGreaterThan(0)
  })
})

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
