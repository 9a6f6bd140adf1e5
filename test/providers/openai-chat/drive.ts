import { Ajv } from 'ajv'
import { Agent } from 'undici'
import { expect, onTestFinished } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import { blockTypesOfDelta, eventsOf, type StreamItem } from '../../../api/events.ts'
import { allSchemas, type Message, type MessageRequest, type StreamEvent } from '../../../api/schemas.gen.ts'
import { Secret } from '../../../api/secret.ts'
import type { FailureSource } from '../../../providers/failure.ts'
import type { DecodeContext } from '../../../providers/openai-chat/decode.ts'
import { openaiDialect } from '../../../providers/openai-chat/dialect.ts'
import type { Call } from '../../../providers/provider.ts'
import type { Behaviour } from '../../upstreams/behaviour.ts'
import { startUpstream, type Upstream } from '../../upstreams/upstream.ts'

/** Fixed, so that it can be looked for in what must not hold it. */
export const key = 'sk-test-0123456789abcdef'

export const source: FailureSource = { id: 'openai', name: 'OpenAI', apiKey: new Secret(key) }

export const context: DecodeContext = {
  model: 'openai/gpt-test',
  nativeModel: 'gpt-test',
  newId: (prefix) => `${prefix}_1`,
  dialect: openaiDialect,
  source,
}

export const request: MessageRequest = { model: 'openai/gpt-test', messages: [{ role: 'user', content: 'Hi.' }] }

/** A provider on a real socket that behaves so, and a call to it; both end with the test. */
export async function callTo(
  script: Behaviour | readonly [Behaviour, ...Behaviour[]],
  changes: Partial<Call> = {},
): Promise<{ upstream: Upstream; call: Call }> {
  const upstream = await startUpstream(script)
  const dispatcher = new Agent()
  onTestFinished(async () => {
    await dispatcher.destroy()
    await upstream.close()
  })
  const call: Call = {
    model: 'gpt-test',
    apiKey: new Secret(key),
    baseURL: new URL(`${upstream.url}/v1`),
    signal: new AbortController().signal,
    dispatcher,
    requestId: 'req_test_0001',
    headers: {},
    query: '',
    timeouts: { firstByteMs: 5000, idleMs: 5000 },
    clock: systemClock,
    log: { debug: () => undefined, warn: () => undefined },
    ...changes,
  }
  return { upstream, call }
}

/** What is said of the answer; that the provider is there, before it says anything, depends on how its bytes come. */
export async function collect(items: AsyncIterable<StreamItem>): Promise<StreamEvent[]> {
  const events: StreamEvent[] = []
  for await (const item of items) events.push(...eventsOf(item).filter(({ type }) => type !== 'ping'))
  return events
}

/** Holds events to the contract: each to its schema, all of them to the grammar of the stream. */
export function expectGrammar(events: readonly StreamEvent[]): void {
  for (const event of events)
    expect(isStreamEvent(event), `${JSON.stringify(event)}: ${ajv.errorsText(isStreamEvent.errors)}`).toBe(true)
  expect(events[0]?.type).toBe('message_start')
  expect(events.at(-1)?.type).toBe('message_stop')
  expect(events.at(-2)?.type).toBe('message_delta')
  let next = 0
  let open: string | undefined
  for (const event of events.slice(1, -2)) {
    if (event.type === 'content_block_start') {
      expect([event.index, open]).toEqual([next, undefined])
      open = event.content_block.type
    } else if (event.type === 'content_block_delta') {
      expect(event.index).toBe(next)
      expect(blockTypesOfDelta[event.delta.type]).toContain(open)
    } else {
      expect(event).toEqual({ type: 'content_block_stop', index: next++ })
      expect(open).toBeDefined()
      open = undefined
    }
  }
  expect(open).toBeUndefined()
}

export function expectMessage(message: Message): void {
  expect(isMessage(message), `${JSON.stringify(message)}: ${ajv.errorsText(isMessage.errors)}`).toBe(true)
}

const ajv = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true, discriminator: true })
ajv.addVocabulary(['x-unknown-code'])
for (const schema of allSchemas) ajv.addSchema(schema)
const isStreamEvent = ajv.compile({ $ref: 'StreamEvent' })
const isMessage = ajv.compile({ $ref: 'Message' })
