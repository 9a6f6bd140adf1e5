import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StreamEvent, Usage } from '../../api/schemas.gen.ts'
import { createSseParser } from '../../api/sse.ts'
import { problemsWith } from '../contract-schemas.ts'
import { errorOf, type Gateway, messageOf, startGateway } from '../gateway.ts'
import { expectGrammar } from '../providers/openai-chat/drive.ts'
import type { Chunking } from '../upstreams/chunks.ts'
import { fixturesDir, type Recording, recordedBytes, recordings, replay } from '../upstreams/replay.ts'
import { startUpstream, type Upstream } from '../upstreams/upstream.ts'
import { expectations } from './expectations/index.ts'
import type { Answer, Failure, Row } from './expectations/row.ts'
import { contentOf, observedBlocks, observedUsage } from './observe.ts'
import { playerOf, providerOf, type Stage, sealerOf, stageFor } from './players.ts'
import { isStream } from './streams.ts'

/** Every recorded answer of a real provider, through the running server, against the table of what it is to come to. */

const all = await recordings(({ file }) => file.startsWith('llm/'))
const present = fixturesDir() !== undefined
const cases = all.flatMap((recording): Case[] => {
  const name = recording.file.slice('llm/'.length)
  const row = expectations[name]
  return row ? [{ name, recording, row }] : []
})

interface Case {
  readonly name: string
  readonly recording: Recording
  readonly row: Row
}

interface AnswerCase extends Case {
  readonly row: Answer
}

interface FailureCase extends Case {
  readonly row: Failure
}

let current: { recording: Recording; chunks: Chunking } | undefined
let upstream: Upstream
let gateway: Gateway
let stage: Stage | undefined

beforeAll(async () => {
  upstream = await startUpstream(async () => {
    if (!current) throw new Error('nothing to replay')
    return replay(current.recording, { chunks: current.chunks })
  })
  stage = stageFor(upstream.url)
  gateway = await startGateway(stage)
})
afterAll(async () => {
  await gateway?.close()
  await upstream?.close()
  stage?.strike()
})

describe.skipIf(!present)('the tables (skipped: there is no recorded traffic, see VAI_FIXTURES_DIR)', () => {
  it('have a row for every recording, and a recording for every row', () => {
    expect(Object.keys(expectations).sort()).toEqual(all.map(({ file }) => file.slice('llm/'.length)).sort())
  })
})

describe('streamed', () => {
  const streams = cases.filter(isAnswer).filter(({ recording }) => isStream(recording))
  it.each(streams.flatMap((each) => cutsOf(each).map((chunks) => [each.name, chunks, each] as const)))(
    '%s, cut as %j',
    async (_name, chunks, { row, recording }) => {
      const { status, events } = await streamed(recording, chunks, row)
      expect(status).toBe(200)
      expect(events.flatMap((event) => problemsWith('StreamEvent', event))).toEqual([])
      expectGrammar(events.filter(({ type }) => type !== 'ping'))
      const start = events.find((event) => event.type === 'message_start')
      const delta = events.findLast((event) => event.type === 'message_delta')
      const told = { ...counted(start?.message.usage), ...delta?.usage }
      expectAnswer(row, contentOf(events), { ...delta?.delta, usage: told, metadata: delta?.metadata })
    },
  )

  const failures = cases.filter(isFailure).filter(({ recording, row }) => isStream(recording) && row.after)
  it.each(failures.map((each) => [each.name, each] as const))(
    '%s breaks off with an error',
    async (_name, { row, recording }) => {
      for (const chunks of ['whole', { seed: 3, max: 300 }] as const) {
        const { status, events } = await streamed(recording, chunks, row)
        expect(status).toBe(200)
        const last = events.at(-1)
        expect(last).toMatchObject({ type: 'error', error: { type: row.error.type, code: row.error.code } })
        expect(events.filter(({ type }) => type === 'message_delta' || type === 'message_stop')).toEqual([])
        const said = row.after ?? []
        expect(observedBlocks(contentOf(events), said, sealerOf(row.by))).toEqual(said)
      }
    },
  )
})

describe('whole', () => {
  const wholes = cases.filter(isAnswer).filter(({ recording, row }) => isWhole(recording) || completesByStream(row))
  it.each(wholes.map((each) => [each.name, each] as const))('%s', async (_name, { row, recording }) => {
    current = { recording, chunks: { seed: 5, max: 400 } }
    const response = await gateway.post(requestTo(row))
    expect(response.status).toBe(200)
    const message = await messageOf(response)
    expectAnswer(row, message.content, { ...message })
  })

  it.each(cases.flatMap(({ name, recording, row }) => ('inputTokens' in row ? [[name, recording, row] as const] : [])))(
    '%s',
    async (_name, recording, row) => {
      current = { recording, chunks: 'whole' }
      const { model, messages } = requestTo(row)
      const response = await gateway.post({ model, messages }, {}, '/v1/messages/count_tokens')
      expect(await response.json()).toEqual({ input_tokens: row.inputTokens })
    },
  )
})

describe('refused', () => {
  const refusals = cases.filter(isFailure).filter(({ row }) => !row.after)
  it.each(refusals.map((each) => [each.name, each] as const))('%s', async (_name, { row, recording }) => {
    for (const stream of isStream(recording) ? [true] : [false, true]) {
      current = { recording, chunks: { seed: 9, max: 90 } }
      const response = await gateway.post({ ...requestTo(row), stream })
      expect(response.status).toBe(row.error.status)
      const error = await errorOf(response)
      expect({ type: error.type, code: error.code, retryAfter: error.retry_after }).toEqual({
        type: row.error.type,
        code: row.error.code,
        retryAfter: row.error.retryAfter,
      })
      if (row.error.retryAfter) expect(response.headers.get('retry-after')).toBe(String(row.error.retryAfter))
      if (isStream(recording)) continue
      expect(error.provider_error?.body).toEqual(JSON.parse(new TextDecoder().decode(await recordedBytes(recording))))
    }
  })
})

function expectAnswer(row: Answer, content: Parameters<typeof observedBlocks>[0], told: Readonly<Record<string, unknown>>): void {
  const { stop_reason: stop, stop_sequence: sequence, usage, metadata } = told
  expect({
    blocks: observedBlocks(content, row.blocks, sealerOf(row.by)),
    stop,
    stopSequence: sequence ?? undefined,
    usage: observedUsage(Object(usage), row.usage),
  }).toEqual({ blocks: row.blocks, stop: row.stop, stopSequence: row.stopSequence, usage: row.usage })
  expect(Object.keys(Object(Object(metadata).provider))).toEqual(expect.arrayContaining([...(row.carried ?? [])]))
}

async function streamed(recording: Recording, chunks: Chunking, row: Row): Promise<{ status: number; events: StreamEvent[] }> {
  current = { recording, chunks }
  const response = await gateway.post({ ...requestTo(row), stream: true })
  const bytes = new Uint8Array(await response.arrayBuffer())
  const events = createSseParser(1e9)
    .feed(bytes)
    .map(({ data }): StreamEvent => JSON.parse(data))
  return { status: response.status, events }
}

/** Without the zeros that a stream begins with where the provider has not told anything yet. */
function counted(usage: Usage = {}): Usage {
  const { input_tokens: input, output_tokens: output, ...rest } = usage
  return input === 0 && output === 0 ? rest : usage
}

function requestTo({ by }: Row): { model: string; max_tokens: number; messages: { role: string; content: string }[] } {
  return { model: `${providerOf(by)}/some-model`, max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] }
}

/** Small ones into very small pieces; all of them in one piece, and by a pattern of their own. */
function cutsOf({ recording }: Case): Chunking[] {
  const seed = recording.file.length
  return ['whole', 'events', { seed, max: recording.size < 9000 ? 9 : 900 }]
}

function isWhole(recording: Recording): boolean {
  return !isStream(recording)
}

/** Whether an answer in one piece is asked of the provider as a stream. */
function completesByStream({ by }: Answer): boolean {
  return playerOf(by).complete === undefined
}

function isAnswer(each: Case): each is AnswerCase {
  return 'blocks' in each.row
}

function isFailure(each: Case): each is FailureCase {
  return 'error' in each.row
}
