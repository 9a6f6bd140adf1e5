import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../gateway.ts'
import { fixturesDir, type Recording, recordings, replay } from '../upstreams/replay.ts'
import { startUpstream, type Upstream } from '../upstreams/upstream.ts'
import { expectations } from './expectations/index.ts'
import type { Player } from './expectations/row.ts'
import { providerOf, type Stage, stageFor } from './players.ts'

/** Recorded answers as OpenAI's own SDK reads them without the gateway, and as Anthropic's reads them behind it. */

interface Read {
  text: string
  /** Id, name and input of each call. */
  calls: (readonly [id: string, name: string, input: unknown])[]
}

const all = await recordings(({ file, status }) => file.startsWith('llm/') && status === 200)
const present = fixturesDir() !== undefined

let current: Recording | undefined
let upstream: Upstream
let gateway: Gateway
let stage: Stage | undefined

beforeAll(async () => {
  upstream = await startUpstream(async () => {
    if (!current) throw new Error('nothing to replay')
    return replay(current, { chunks: { seed: 11, max: 700 } })
  })
  stage = stageFor(upstream.url)
  gateway = await startGateway(stage)
})
afterAll(async () => {
  await gateway?.close()
  await upstream?.close()
  stage?.strike()
})

const openai = (): OpenAI => new OpenAI({ apiKey: 'sk-test-replayed', baseURL: upstream.url, maxRetries: 0 })

describe.skipIf(!present)('Chat Completions (skipped: there is no recorded traffic)', () => {
  // Content that is an array, and tags in it, are beyond OpenAI's SDK.
  const beyond = ['mistral/thinking.sse', 'huggingface/together-text-whole.json', 'huggingface/together-max-tokens-whole.json']

  it.each(answersOf('chat', true).filter(([name]) => !beyond.includes(name)))('%s', async (_name, by, recording) => {
    const direct: Read = { text: '', calls: [] }
    const pieces = new Map<number, { id: string; name: string; json: string }>()
    current = recording
    for await (const { choices } of await openai().chat.completions.create({ model: 'm', messages, stream: true })) {
      const delta = choices?.[0]?.delta
      direct.text += delta?.content ?? ''
      for (const { index, id, function: called } of delta?.tool_calls ?? []) {
        const known = pieces.get(index) ?? { id: '', name: '', json: '' }
        pieces.set(index, {
          id: known.id || (id ?? ''),
          name: known.name || (called?.name ?? ''),
          json: known.json + (called?.arguments ?? ''),
        })
      }
    }
    direct.calls = [...pieces.values()].map(({ id, name, json }) => [id, name, JSON.parse(json || '{}')])
    expect(await throughGateway(by, true)).toEqual(direct)
  })

  it.each(answersOf('chat', false).filter(([name]) => !beyond.includes(name)))('%s', async (_name, by, recording) => {
    current = recording
    const { choices } = await openai().chat.completions.create({ model: 'm', messages })
    const message = choices[0]?.message
    expect(await throughGateway(by, false)).toEqual({
      text: message?.content ?? '',
      calls: (message?.tool_calls ?? []).map((call) =>
        call.type === 'function' ? [call.id, call.function.name, JSON.parse(call.function.arguments)] : [],
      ),
    })
  })
})

describe.skipIf(!present)('Responses (skipped: there is no recorded traffic)', () => {
  it.each([...answersOf('responses', true), ...answersOf('responses', false)])('%s', async (_name, by, recording) => {
    current = recording
    const response = recording.stream ? await streamedResponse() : await openai().responses.create({ model: 'm', input: 'Hello' })
    const items = response?.output ?? []
    expect(await throughGateway(by, recording.stream)).toEqual({
      text: items
        .flatMap((item) => (item.type === 'message' ? item.content : []))
        .map((part) => (part.type === 'output_text' ? part.text : ''))
        .join(''),
      calls: items.flatMap((item): Read['calls'] => {
        if (item.type === 'function_call') return [[item.call_id, item.name, JSON.parse(item.arguments)]]
        return item.type === 'custom_tool_call' ? [[item.call_id, item.name, { input: item.input }]] : []
      }),
    })
  })

  async function streamedResponse(): Promise<OpenAI.Responses.Response | undefined> {
    let response: OpenAI.Responses.Response | undefined
    for await (const event of await openai().responses.create({ model: 'm', input: 'Hello', stream: true })) {
      if (event.type === 'response.completed') response = event.response
    }
    return response
  }
})

const messages = [{ role: 'user' as const, content: 'Hello' }]

async function throughGateway(by: Player, streamed: boolean): Promise<Read> {
  const client = new Anthropic({ apiKey: 'any', baseURL: gateway.url, maxRetries: 0 })
  const body = { model: `${providerOf(by)}/some-model`, max_tokens: 100, messages }
  const { content } = await (streamed ? client.messages.stream(body).finalMessage() : client.messages.create(body))
  return {
    text: content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
    calls: content.flatMap((block): Read['calls'] => (block.type === 'tool_use' ? [[block.id, block.name, block.input]] : [])),
  }
}

function answersOf(api: string, streamed: boolean): (readonly [name: string, by: Player, recording: Recording])[] {
  return all.flatMap((recording) => {
    const name = recording.file.slice('llm/'.length)
    const row = expectations[name]
    const isOne = row && 'blocks' in row && recording.api === api && recording.stream === streamed
    return isOne ? [[name, row.by, recording] as const] : []
  })
}
