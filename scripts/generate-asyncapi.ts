/**
 * Makes `asyncapi.yaml` of `openapi.yaml`: the messages of `/v1/live` for tools that read AsyncAPI, and `api/asyncapi.gen.ts`, which is the
 * same for the gateway to give out.
 *
 *   npm run generate            write the files
 *   npm run drift               fail when the committed files are not what the contract says
 *
 * AsyncAPI cannot say that one channel has two encodings, so that each subprotocol is a channel of its own at the same address.
 */
import { readFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import { writeOrCheck } from './generated-files.ts'

interface Schema {
  readonly $ref?: string
  readonly description?: string
  readonly oneOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly [keyword: string]: unknown
}
interface Parameter {
  readonly name: string
  readonly in: string
  readonly description?: string
  readonly schema: Schema
}
interface Media {
  readonly schema: Schema
  readonly examples: Readonly<Record<string, { readonly summary?: string; readonly value: { readonly type: string } }>>
}
interface Contract {
  readonly info: { readonly version: string; readonly license: { readonly identifier: string } }
  readonly servers: readonly { readonly url: string; readonly description: string }[]
  readonly paths: {
    readonly '/v1/live': {
      readonly get: {
        readonly description: string
        readonly parameters: readonly { readonly $ref: string }[]
        readonly responses: { readonly '101': { readonly content: Readonly<Record<string, Media>> } }
      }
    }
  }
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly parameters: Readonly<Record<string, Parameter>>
    readonly securitySchemes: Readonly<Record<string, { readonly type: string; readonly description: string }>>
  }
}
interface Message {
  readonly key: string
  readonly from: 'client' | 'server'
  readonly value: Readonly<Record<string, unknown>>
}

const contract: Contract = parse(readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'))
const { schemas } = contract.components
const live = contract.paths['/v1/live'].get

/** What is bytes in MessagePack, where JSON has base64. */
const soundIn: Readonly<Record<string, { readonly base64: string; readonly bytes: string }>> = {
  LiveAudioFrame: { base64: 'data_b64', bytes: 'data' },
  LiveAssistantAudioChunk: { base64: 'audio_b64', bytes: 'audio' },
}

const subprotocols = {
  json: {
    name: 'vai.live.v1',
    title: 'JSON',
    description:
      'Messages are JSON text frames. Sound is binary frames, or base64 in JSON where `features.audio_transport` says so.',
    contentType: 'application/json',
  },
  msgpack: {
    name: 'vai.live.v1.msgpack',
    title: 'MessagePack',
    description: 'Messages are MessagePack in binary frames; sound is bytes within them.',
    contentType: 'application/vnd.msgpack',
  },
} as const

type Subprotocol = keyof typeof subprotocols

const header = (sign: string): string => `${sign} Generated from openapi.yaml by \`npm run generate\`. Do not edit.\n`
const document = asyncApi()

writeOrCheck(
  {
    'asyncapi.yaml': `${header('#')}${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`,
    'api/asyncapi.gen.ts': `${header('//')}\n/** The messages of \`/v1/live\` as an AsyncAPI document, as JSON text. */\nexport const asyncapiJson =\n  ${quote(JSON.stringify(document))}\n`,
  },
  'openapi.yaml',
)

function asyncApi(): Record<string, unknown> {
  const messages = { json: messagesIn('json'), msgpack: messagesIn('msgpack') }
  const all = [...messages.json, ...messages.msgpack]
  const { identifier } = contract.info.license
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'VAI Gateway: talk with a model',
      version: contract.info.version,
      description: live.description,
      license: { name: identifier, url: `https://spdx.org/licenses/${identifier}` },
    },
    defaultContentType: 'application/json',
    servers: Object.fromEntries(
      contract.servers.map((server, index) => [index === 0 ? 'gateway' : `gateway${index}`, serverOf(server)]),
    ),
    channels: { json: channelOf('json', messages.json), msgpack: channelOf('msgpack', messages.msgpack) },
    operations: { ...operationsOf('json', messages.json), ...operationsOf('msgpack', messages.msgpack) },
    components: {
      messages: Object.fromEntries(all.map(({ key, value }) => [key, value])),
      schemas: Object.fromEntries(reachable(all).map((name) => [name, asyncSchema(schemaNamed(name))])),
      securitySchemes: Object.fromEntries(
        Object.entries(contract.components.securitySchemes).map(([name, scheme]) => [name, securityOf(scheme)]),
      ),
    },
  }
}

// ── Channels ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function serverOf({ url, description }: { readonly url: string; readonly description: string }): Record<string, unknown> {
  const { host, protocol } = new URL(url)
  return {
    host,
    protocol: protocol === 'https:' ? 'wss' : 'ws',
    description,
    security: Object.keys(contract.components.securitySchemes).map((name) => ref(`components/securitySchemes/${name}`)),
  }
}

function channelOf(name: Subprotocol, messages: readonly Message[]): Record<string, unknown> {
  const subprotocol = subprotocols[name]
  return {
    address: '/v1/live',
    title: `${subprotocol.title}, subprotocol ${subprotocol.name}`,
    description: subprotocol.description,
    servers: [ref('servers/gateway')],
    messages: Object.fromEntries(messages.map(({ key }) => [key, ref(`components/messages/${key}`)])),
    bindings: { ws: { method: 'GET', headers: headersOf(subprotocol.name), bindingVersion: '0.1.0' } },
  }
}

function headersOf(subprotocol: string): Record<string, unknown> {
  const headers = live.parameters.map(({ $ref }) => parameterNamed(last($ref))).filter((parameter) => parameter.in === 'header')
  return {
    type: 'object',
    properties: {
      'Sec-WebSocket-Protocol': { type: 'string', const: subprotocol },
      ...Object.fromEntries(
        headers.map(({ name, description, schema }) => [name, asyncSchema({ ...schema, ...(description && { description }) })]),
      ),
    },
  }
}

function operationsOf(name: Subprotocol, messages: readonly Message[]): Record<string, unknown> {
  const { title } = subprotocols[name]
  const of = (from: Message['from']): unknown[] =>
    messages.filter((message) => message.from === from).map(({ key }) => ref(`channels/${name}/messages/${key}`))
  const channel = ref(`channels/${name}`)
  return {
    [`${name}FromClient`]: {
      action: 'receive',
      channel,
      title: `What a client sends, in ${title}`,
      messages: of('client'),
    },
    [`${name}ToClient`]: { action: 'send', channel, title: `What a client is sent, in ${title}`, messages: of('server') },
  }
}

// ── Messages ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function messagesIn(subprotocol: Subprotocol): Message[] {
  const described = (['client', 'server'] as const).flatMap((from) => {
    const media = must(live.responses['101'].content[`application/vnd.vai.live.${from}+json`], `messages of the ${from}`)
    const branches = must(schemaNamed(last(must(media.schema.$ref, 'schema'))).oneOf, 'branches')
    return branches.map((branch) => messageOf(last(must(branch.$ref, 'message')), from, subprotocol, media))
  })
  return subprotocol === 'msgpack'
    ? described.filter(({ key }) => !key.endsWith('_header_msgpack'))
    : [...described, ...binaryFrames()]
}

function messageOf(schema: string, from: Message['from'], subprotocol: Subprotocol, media: Media): Message {
  const { description, properties } = schemaNamed(schema)
  const type = String(must(properties?.type, `type of ${schema}`).const)
  const isPacked = subprotocol === 'msgpack'
  const examples = Object.entries(media.examples).filter(([, { value }]) => value.type === type)
  return {
    key: isPacked ? `${type}_msgpack` : type,
    from,
    value: {
      name: type,
      ...(description && { summary: description.trim().replaceAll(/\s+/g, ' ') }),
      contentType: subprotocols[subprotocol].contentType,
      payload: ref(`components/schemas/${isPacked && soundIn[schema] ? `${schema}Msgpack` : schema}`),
      ...(!isPacked && {
        examples: examples.map(([name, { summary, value }]) => ({ name, ...(summary && { summary }), payload: value })),
      }),
    },
  }
}

function binaryFrames(): Message[] {
  const frame = (summary: string): Message['value'] => ({
    name: 'sound',
    summary,
    contentType: 'application/octet-stream',
    payload: { type: 'string', format: 'binary' },
  })
  return [
    {
      key: 'client_sound',
      from: 'client',
      value: frame('A frame of what the microphone hears, in the format of `audio_in`; whole samples.'),
    },
    {
      key: 'server_sound',
      from: 'server',
      value: frame('The sound that the `assistant_audio_chunk_header` just before tells of, in the format of `audio_out`.'),
    },
  ]
}

// ── Schemas ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The names of all schemas that the messages refer to, however far, in the order of the contract. */
function reachable(messages: readonly Message[]): string[] {
  const found = new Set<string>()
  const visit = (node: unknown): void => {
    for (const [key, value] of Object.entries(Object(node))) {
      if (key === '$ref' && typeof value === 'string' && value.includes('/components/schemas/')) {
        const name = last(value)
        if (found.has(name)) continue
        found.add(name)
        visit(schemaNamed(name))
      } else if (typeof value === 'object') visit(value)
    }
  }
  for (const { value } of messages) visit({ payload: value.payload })
  return [...Object.keys(schemas), ...Object.keys(soundIn).map((name) => `${name}Msgpack`)].filter((name) => found.has(name))
}

/** A schema of the contract, or one in which base64 is bytes. */
function schemaNamed(name: string): Schema {
  const base = name.replace(/Msgpack$/, '')
  const schema = must(schemas[base], `schema ${base}`)
  const sound = soundIn[base]
  if (base === name || !sound) return schema
  const { [sound.base64]: _, ...properties } = schema.properties ?? {}
  return { ...schema, properties: { ...properties, [sound.bytes]: { type: 'string', format: 'binary' } } }
}

/**
 * A schema without the marks that the contract has for its own generator, and without discriminators: AsyncAPI writes them in a way that its
 * own tools do not agree on, and the constants of the branches say the same.
 */
function asyncSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(asyncSchema)
  if (typeof node !== 'object' || node === null) return node
  const isLeftOut = (key: string, value: unknown): boolean =>
    key === 'x-unknown-code' || key === 'x-untagged' || (key === 'discriminator' && 'propertyName' in Object(value))
  const entries = Object.entries(node).filter(([key, value]) => !isLeftOut(key, value))
  return Object.fromEntries(entries.map(([key, value]) => [key, asyncSchema(value)]))
}

function securityOf({
  type,
  description,
  ...scheme
}: {
  readonly type: string
  readonly description: string
}): Record<string, unknown> {
  return { type: type === 'apiKey' ? 'httpApiKey' : type, ...scheme, description }
}

function parameterNamed(name: string): Parameter {
  return must(contract.components.parameters[name], `parameter ${name}`)
}

// ── Text ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function ref(path: string): { readonly $ref: string } {
  return { $ref: `#/${path}` }
}

function last(path: string): string {
  return path.split('/').at(-1) ?? ''
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`openapi.yaml: missing ${what}`)
  return value
}
