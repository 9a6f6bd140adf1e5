import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type ContractSchema, LiveClientMessage, LiveServerMessage } from '../api/schemas.gen.ts'
import { type Gateway, startGateway } from './gateway.ts'

interface Document {
  readonly asyncapi: string
  readonly channels: Readonly<Record<string, Channel>>
  readonly operations: Readonly<Record<string, Operation>>
  readonly components: {
    readonly messages: Readonly<Record<string, Message>>
    readonly schemas: Readonly<Record<string, object>>
  }
}
interface Channel {
  readonly address: string
  readonly messages: Readonly<Record<string, { readonly $ref: string }>>
  readonly bindings: { readonly ws: { readonly headers: { readonly properties: Readonly<Record<string, { const?: string }>> } } }
}
interface Operation {
  readonly action: string
  readonly channel: { readonly $ref: string }
  readonly messages: readonly { readonly $ref: string }[]
}
interface Message {
  readonly name: string
  readonly contentType: string
  readonly payload: { readonly $ref?: string }
  readonly examples?: readonly { readonly payload: unknown }[]
}

const document: Document = parse(readFileSync(new URL('../asyncapi.yaml', import.meta.url), 'utf8'))
const { messages, schemas } = document.components

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
ajv.addSchema({ $id: 'asyncapi', components: document.components })

/** What is wrong with a value by the document's own schema of a payload. */
function problemsWith(ref: string, value: unknown): unknown {
  const check = ajv.compile({ $ref: `asyncapi${ref}` })
  check(value)
  return check.errors ?? []
}

/** Everything that `$ref` names, wherever it stands. */
function refsIn(node: unknown): string[] {
  return Object.entries(Object(node)).flatMap(([key, value]) =>
    key === '$ref' ? [String(value)] : typeof value === 'object' ? refsIn(value) : [],
  )
}

/** What stands at `#/…`; undefined where that is nothing. */
function at(ref: string): unknown {
  return ref
    .split('/')
    .slice(1)
    .reduce<unknown>((node, key) => Object(node)[key], document)
}

/** The `type` of each message of a union of the contract. */
function typesOf(union: ContractSchema): string[] {
  const { oneOf } = union
  const names = (Array.isArray(oneOf) ? oneOf : []).map(({ $ref }: { $ref: string }) => $ref.replace('#', ''))
  return names.map((name) => String(Object(schemas[name]).properties.type.const))
}

const examples = Object.entries(messages).flatMap(([key, { payload, examples: shown = [] }]) =>
  shown.map((example) => ({ key, ref: payload.$ref ?? '', payload: example.payload })),
)

describe('asyncapi.yaml', () => {
  it('refers to nothing that it does not have', () => {
    const refs = refsIn(document)
    expect(refs.length).toBeGreaterThan(200)
    expect(refs.filter((ref) => at(ref) === undefined)).toEqual([])
  })

  it('has a channel for each subprotocol, at one address', () => {
    const channels = Object.values(document.channels)
    expect(channels.map(({ address }) => address)).toEqual(['/v1/live', '/v1/live'])
    expect(channels.map(({ bindings }) => bindings.ws.headers.properties['Sec-WebSocket-Protocol']?.const)).toEqual([
      'vai.live.v1',
      'vai.live.v1.msgpack',
    ])
  })

  it.each([
    ['jsonFromClient', 'receive', 'client'],
    ['jsonToClient', 'send', 'server'],
    ['msgpackFromClient', 'receive', 'client'],
    ['msgpackToClient', 'send', 'server'],
  ])('tells in %s of every message that goes that way', (name, action, from) => {
    const operation = document.operations[name]
    expect(operation?.action).toBe(action)
    const told = (operation?.messages ?? []).map(({ $ref }) => Object(at(String(Object(at($ref)).$ref))).name)
    const types = typesOf(from === 'client' ? LiveClientMessage : LiveServerMessage)
    // MessagePack has sound within its messages.
    const expected = name.startsWith('json')
      ? [...types, 'sound']
      : types.filter((type) => type !== 'assistant_audio_chunk_header')
    expect(told.sort()).toEqual(expected.sort())
  })

  it('has bytes where MessagePack has them, and base64 where JSON has that', () => {
    const sound = ['LiveAudioFrame', 'LiveAudioFrameMsgpack', 'LiveAssistantAudioChunk', 'LiveAssistantAudioChunkMsgpack']
    const members = sound.map((name) =>
      Object.keys(Object(schemas[name]).properties).filter((key) => /data|audio(?:_b64)?$/.test(key)),
    )
    expect(members).toEqual([['data_b64'], ['data'], ['audio_b64'], ['audio']])
  })

  it('shows every message in JSON', () => {
    const shown = new Set(examples.map(({ payload }) => Object(payload).type))
    expect([...typesOf(LiveClientMessage), ...typesOf(LiveServerMessage)].filter((type) => !shown.has(type))).toEqual([])
  })

  it.each(examples)('has an example of $key that fits its own schema', ({ key, ref, payload }) => {
    expect(problemsWith(ref, payload)).toEqual([])
    expect(problemsWith(ref, { ...Object(payload), type: `not_${key}` })).not.toEqual([])
  })
})

describe('the server', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await startGateway()
  })
  afterAll(() => gateway.close())

  it('gives the document out, as YAML and as JSON', async () => {
    const yaml = await fetch(`${gateway.url}/asyncapi.yaml`)
    expect(yaml.headers.get('content-type')).toMatch(/^application\/yaml/)
    expect(parse(await yaml.text())).toEqual(document)
    const json = await fetch(`${gateway.url}/asyncapi.json`)
    expect(json.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await json.json()).toEqual(document)
  })
})
