import { accumulate, BrokenStreamError, OverloadedError, type StreamEvent } from '@vai/sdk'
import { describe, expect, it } from 'vitest'
import { accumulate as accumulateInGateway } from '../../../api/accumulate.ts'
import { createSseParser } from '../../../api/sse.ts'
import { MessageStream } from '../../../sdk/typescript/stream/message-stream.ts'
import { cut } from '../../upstreams/chunks.ts'
import { recordedBytes, recordings } from '../../upstreams/replay.ts'
import { answer, block, message, says, start } from './answers.ts'
import { failureOf, Source } from './source.ts'

/** Events folded into messages, as the gateway itself folds them. */

describe('accumulate', () => {
  it('takes events from wherever they come', async () => {
    expect(await accumulate(answer('Hel', 'lo'))).toEqual(message('Hello'))
    const source = new Source().events(...answer('Hel', 'lo')).end()
    expect(await accumulate(new MessageStream(source.open))).toEqual(message('Hello'))
  })

  it('throws what the events tell, and where they tell no message', async () => {
    const error: StreamEvent = JSON.parse('{"type":"error","error":{"type":"overloaded_error","message":"Busy"}}')
    expect(await failureOf(accumulate([start(), error]))).toBeInstanceOf(OverloadedError)
    expect(await failureOf(accumulate([start(), block(0), says('Hel')]))).toBeInstanceOf(BrokenStreamError)
    expect(await failureOf(accumulate([]))).toBeInstanceOf(BrokenStreamError)
    expect(await failureOf(accumulate([...answer('a'), ...answer('a')]))).toBeInstanceOf(BrokenStreamError)
  })

  it('leaves the events as they were', async () => {
    const events = answer('Hel', 'lo')
    await accumulate(events)
    expect(events).toEqual(answer('Hel', 'lo'))
  })
})

const recorded = await recordings(({ api, stream, status }) => api === 'anthropic' && stream && status === 200)
/** It begins anew in the middle, which the gateway does not let through. */
const broken = 'llm/anthropic/spliced-message-start.sse'

describe.skipIf(recorded.length === 0)('recorded answers (skipped where there are none)', () => {
  it.each(recorded.filter(({ file }) => file !== broken))(
    '$file is the message that it is for the gateway',
    async (recording) => {
      const bytes = await recordedBytes(recording)
      const expected = await accumulateInGateway(eventsOf(bytes))
      expect(await accumulate(eventsOf(bytes))).toEqual(expected)
      const source = new Source().push(...cut(bytes, { seed: bytes.length, max: 3000 })).end()
      expect(await new MessageStream(source.open).finalMessage()).toEqual({ ...expected, request_id: 'req_test' })
    },
  )

  it('are refused where one begins anew', async () => {
    const bytes = await recordedBytes({ file: broken })
    expect(await failureOf(accumulate(eventsOf(bytes)))).toMatchObject({
      message: expect.stringContaining('a message_start came a second time'),
    })
  })
})

async function* eventsOf<Event>(bytes: Uint8Array): AsyncGenerator<Event> {
  for (const { data } of createSseParser(1_000_000).feed(bytes)) {
    const event: Event = JSON.parse(data)
    yield event
  }
}
