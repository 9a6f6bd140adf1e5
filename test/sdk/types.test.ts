import { readFileSync } from 'node:fs'
import type {
  APIError,
  AudioChunkEvent,
  ContentBlock,
  ContentBlockParam,
  ErrorType,
  KnownProviderKey,
  LiveSession,
  Message,
  MessageCreateParams,
  MessageParam,
  MessageStream,
  Model,
  ModelPage,
  ProviderKeys,
  RunCreateParams,
  RunEvent,
  RunResult,
  RunStream,
  StreamEvent,
  TokenCount,
  Tool,
  VAI,
  WithRequestId,
} from '@vai/sdk'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { parse } from 'yaml'
import { type SdkDocument, typesFile } from '../../scripts/sdk-types.ts'

describe('what is called', () => {
  it('takes and gives what the contract says', () => {
    expectTypeOf<VAI['messages']['create']>().returns.resolves.toEqualTypeOf<WithRequestId<Message>>()
    expectTypeOf<VAI['messages']['stream']>().returns.toEqualTypeOf<MessageStream>()
    expectTypeOf<VAI['messages']['countTokens']>().returns.resolves.toEqualTypeOf<WithRequestId<TokenCount>>()
    expectTypeOf<VAI['runs']['create']>().returns.resolves.toEqualTypeOf<WithRequestId<RunResult>>()
    expectTypeOf<VAI['runs']['stream']>().returns.toEqualTypeOf<RunStream>()
    expectTypeOf<VAI['models']['list']>().returns.resolves.toEqualTypeOf<ModelPage>()
    expectTypeOf<VAI['models']['get']>().returns.resolves.toEqualTypeOf<WithRequestId<Model>>()
    expectTypeOf<VAI['live']['connect']>().returns.resolves.toEqualTypeOf<LiveSession>()
    expectTypeOf<WithRequestId<Message>['request_id']>().toEqualTypeOf<string>()
  })

  it('needs no model and knows no `stream`', () => {
    expectTypeOf<{ messages: MessageParam[] }>().toExtend<MessageCreateParams>()
    expectTypeOf<MessageCreateParams['model']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<MessageCreateParams>().not.toHaveProperty('stream')
    expectTypeOf<RunCreateParams['request']>().toEqualTypeOf<MessageCreateParams>()
    expectTypeOf<MessageCreateParams['tools']>().toEqualTypeOf<Tool[] | undefined>()
  })

  it('takes keys by any name, and knows those of the contract', () => {
    expectTypeOf<{ anthropic: string; 'my-own-server': string }>().toExtend<ProviderKeys>()
    expectTypeOf<'anthropic'>().toExtend<KnownProviderKey>()
    expectTypeOf<{ anthropic: number }>().not.toExtend<ProviderKeys>()
  })
})

describe('events and blocks', () => {
  it('are told apart by their type', () => {
    expectTypeOf<Extract<StreamEvent, { type: 'audio_chunk' }>>().toEqualTypeOf<AudioChunkEvent>()
    expectTypeOf<Extract<StreamEvent, { type: 'message_start' }>['message']>().toEqualTypeOf<Message>()
    expectTypeOf<Extract<RunEvent, { type: 'stream_event' }>['event']>().toEqualTypeOf<StreamEvent>()
    expectTypeOf<Extract<RunEvent, { type: 'run_complete' }>['result']>().toEqualTypeOf<RunResult>()
    expectTypeOf<Extract<ContentBlock, { type: 'tool_use' }>['input']>().toEqualTypeOf<Record<string, unknown>>()
    expectTypeOf<Extract<ContentBlockParam, { type: 'image' }>['source']['type']>().toEqualTypeOf<'base64' | 'url' | 'file'>()
    expectTypeOf<Message['content']>().toEqualTypeOf<ContentBlock[]>()
    expectTypeOf<'overloaded_error'>().toExtend<ErrorType>()
    expectTypeOf<APIError['retry_after']>().toEqualTypeOf<number | undefined>()
  })
})

describe('the contract', () => {
  const document: SdkDocument = parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8'))

  it('is what the types are made of, with nothing done by hand', () => {
    const generated = readFileSync(new URL('../../sdk/typescript/generated/types.gen.ts', import.meta.url), 'utf8')
    expect(typesFile(document)).toBe(generated)
  })

  it('gains a field, a block and a key, and so do the types', () => {
    const { schemas, parameters } = structuredClone(document.components)
    const more = {
      schemas: {
        ...schemas,
        MessageRequest: {
          ...schemas.MessageRequest,
          properties: {
            ...schemas.MessageRequest?.properties,
            mood: { type: 'string', enum: ['calm', 'keen'], description: 'How it sounds.' },
          },
        },
        SmellBlockParam: {
          type: 'object',
          required: ['type', 'strength'],
          properties: { type: { type: 'string', const: 'smell' }, strength: { type: 'number' } },
        },
        ContentBlockParam: {
          ...schemas.ContentBlockParam,
          oneOf: [...(schemas.ContentBlockParam?.oneOf ?? []), { $ref: '#/components/schemas/SmellBlockParam' }],
        },
      },
      parameters: { ...parameters, ProviderKeyNose: { name: 'X-Provider-Key-Nose' } },
    }
    const added = linesBeside(typesFile({ components: more }), typesFile(document))
    expect(added).toContain("  /** How it sounds. */\n  mood?: 'calm' | 'keen'")
    expect(added).toContain("export interface SmellBlockParam {\n  type: 'smell'\n  strength: number\n}")
    expect(added).toMatch(/export type ContentBlockParam = .* \| SmellBlockParam\n/)
    expect(added).toMatch(/export type KnownProviderKey = .* \| 'nose'/)
  })
})

/** Of a text, the lines that another does not have, with the brackets around them. */
function linesBeside(text: string, other: string): string {
  const known = new Set(other.split('\n').filter((line) => line !== '}' && line !== ''))
  return text
    .split('\n')
    .filter((line) => !known.has(line))
    .join('\n')
}
