import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { decodeStream, type StreamBody } from '../../../providers/anthropic/decode.ts'
import { callWith, decode, end, framesOf, plain, request, start, textBlock } from './streams.ts'

// Were each read joined to all before it, one of these would take longer than a test may.
describe('a frame in many reads', () => {
  it.each([
    ['that is forwarded', 15 * 1024 * 1024, 1024, (text: string) => textBlock(0, text)],
    ['that is parsed', 15 * 1024 * 1024, 1024, (text: string) => [{ type: 'later', text }, ...textBlock(0, 'a')]],
    ['that come by single bytes', 512 * 1024, 1, (text: string) => textBlock(0, text)],
  ])('%s is read in time that grows with its length', async (_, length, readLength, eventsWith) => {
    const body = Buffer.concat(framesOf([start, ...eventsWith('x'.repeat(length)), ...end], '\n', plain))
    const reads = Array.from({ length: Math.ceil(body.length / readLength) }, (_, at) =>
      body.subarray(at * readLength, (at + 1) * readLength),
    )
    const { items, error } = await decode(reads)
    expect(error).toBeUndefined()
    const bytes = items.reduce((size, item) => size + (item.type === 'wire' ? item.bytes.length : JSON.stringify(item).length), 0)
    expect(bytes).toBeGreaterThan(length)
  })
})

it('keeps nothing of what was needed to open it', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  const { items, needed } = openWith(Buffer.concat(framesOf([start, ...textBlock(0, 'a'), ...end], '\n', plain)))
  await items.next()
  for (let round = 0; round < 10 && needed.deref(); round++) {
    // What was looked at lives until the current task ends.
    await setImmediate()
    collectGarbage()
  }
  expect(needed.deref()).toBeUndefined()
  expect((await items.next()).done).toBe(false)
})

function openWith(bytes: Buffer): { items: ReturnType<typeof decodeStream>; needed: WeakRef<object> } {
  const needed = { body: 'x'.repeat(1000) }
  async function* read(): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  const body: StreamBody = Object.assign(read(), { release: () => undefined })
  const { model, apiKey } = callWith()
  const items = decodeStream(opener(needed, body), { fullModel: request.model, model, apiKey })
  return { items, needed: new WeakRef(needed) }
}

/** Needs the object when it is called, and keeps it as long as it lives. */
function opener(needed: { body: string }, body: StreamBody): () => Promise<StreamBody> {
  return async () => {
    if (needed.body === '') throw new Error('there is nothing to send')
    return body
  }
}
