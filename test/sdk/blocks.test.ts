import {
  assistantMessage,
  audio,
  type ContentBlock,
  document,
  image,
  speech,
  text,
  textOf,
  toolCallsOf,
  toolResult,
  UsageError,
  userMessage,
  VAI,
  video,
} from '@vai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { base64Of } from '../../sdk/typescript/base64.ts'
import { problemsWith } from '../contract-schemas.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { message } from './answers.ts'

const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)

describe('blocks', () => {
  it.each([
    ['text', text('Hello'), { type: 'text', text: 'Hello' }],
    ['an image by its address', image('https://x.test/a.png'), { source: { type: 'url', url: 'https://x.test/a.png' } }],
    ['an image by a URL', image(new URL('https://x.test/a')), { source: { type: 'url', url: 'https://x.test/a' } }],
    ['an image of a provider', image({ file_id: 'file_1' }), { source: { type: 'file', file_id: 'file_1' } }],
    [
      'an image by its bytes',
      image({ bytes, media_type: 'image/png' }),
      { source: { type: 'base64', media_type: 'image/png', data: Buffer.from(bytes).toString('base64') } },
    ],
    [
      'a text',
      document({ text: 'All.' }, { title: 'T' }),
      { title: 'T', source: { type: 'text', media_type: 'text/plain', data: 'All.' } },
    ],
    [
      'a document',
      document({ bytes, media_type: 'application/pdf' }),
      { type: 'document', source: { media_type: 'application/pdf' } },
    ],
    ['sound', audio({ bytes, media_type: 'audio/wav' }), { type: 'audio', source: { media_type: 'audio/wav' } }],
    [
      'speech',
      speech({ bytes, media_type: 'audio/pcm' }, { sample_rate: 16_000, language: 'en' }),
      { type: 'audio_stt', sample_rate: 16_000, language: 'en', source: { media_type: 'audio/pcm' } },
    ],
    ['a video', video('https://x.test/a.mp4'), { type: 'video', source: { type: 'url' } }],
    ['a result', toolResult('toolu_1', 'done'), { type: 'tool_result', tool_use_id: 'toolu_1', content: 'done' }],
    ['a failure', toolResult({ id: 'toolu_1' }, [text('no')], { isError: true }), { tool_use_id: 'toolu_1', is_error: true }],
  ])('of the contract are made: %s', (_, block, shape) => {
    expect(block).toMatchObject(shape)
    expect(problemsWith('ContentBlockParam', block)).toEqual([])
  })

  it('are not made of bytes that are none', () => {
    const source = { bytes: Object([1, 2, 3]), media_type: 'image/png' as const }
    expect(() => image(source)).toThrow(UsageError)
  })

  it('make messages', () => {
    expect(userMessage('Hello')).toEqual({ role: 'user', content: 'Hello' })
    const parts = userMessage('What is this?', image('https://x.test/a.png'))
    expect(parts).toMatchObject({ role: 'user', content: [{ type: 'text', text: 'What is this?' }, { type: 'image' }] })
    expect(userMessage(toolResult('toolu_1', 'done')).content).toHaveLength(1)
    expect(problemsWith('MessageParam', parts)).toEqual([])
  })

  it('of an answer are sent back as they came', () => {
    const content: ContentBlock[] = [
      { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
      { type: 'text', text: 'It is', citations: [{ type: 'char_location', cited_text: 'x' }] },
      { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Oslo' } },
      { type: 'compaction', content: 'all before' },
      { type: 'text', text: ' so.' },
    ]
    const answer = { ...message, content, request_id: 'req_1' }
    expect(assistantMessage(answer)).toEqual({ role: 'assistant', content })
    expect(textOf(answer)).toBe('It is so.')
    expect(toolCallsOf(answer)).toEqual([content[2]])
  })
})

describe('base64', () => {
  it.each([0, 1, 2, 3, 24_575, 24_576, 24_577, 1_000_003])('is that of everybody for %i bytes', (length) => {
    const sound = Uint8Array.from({ length }, (_, index) => (index * 31) % 256)
    expect(base64Of(sound) === Buffer.from(sound).toString('base64')).toBe(true)
    expect(base64Of(sound.subarray(1)) === Buffer.from(sound.subarray(1)).toString('base64')).toBe(true)
  })
})

describe('a conversation with tools', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await startGateway()
  })
  afterAll(() => gateway.close())

  it('is carried on by them', async () => {
    const vai = new VAI({ baseURL: gateway.url, defaultModel: 'demo/tools' })
    const tools = [{ name: 'get_weather', input_schema: { type: 'object' as const } }]
    const question = userMessage('What is the weather in Paris?')
    const answer = await vai.messages.create({ tools, messages: [question] })
    const [call] = toolCallsOf(answer)
    if (!call) throw new Error('no tool was called')
    const messages = [question, assistantMessage(answer), userMessage(toolResult(call, '18 °C, clear'))]
    expect(textOf(await vai.messages.create({ tools, messages }))).toContain('18 °C, clear')
  })
})
