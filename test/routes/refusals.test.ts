import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ErrorResponse } from '../../api/schemas.gen.ts'
import { errorOf, type Gateway, startGateway } from '../gateway.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { openAiKey, startOpenAiChat } from '../upstreams/openai-chat.ts'
import type { Upstream } from '../upstreams/upstream.ts'

/** What is refused before any provider is asked, and what a beta lets pass. */

let gateway: Gateway
let anthropic: Upstream
let openai: Upstream

beforeAll(async () => {
  anthropic = await startAnthropic()
  openai = await startOpenAiChat()
  gateway = await startGateway({
    env: { VAI_ANTHROPIC_BASE_URL: anthropic.url, VAI_OPENAI_BASE_URL: `${openai.url}/v1` },
    keys: { anthropic: anthropicKey, openai: openAiKey },
  })
})

afterAll(async () => {
  await gateway.close()
  await anthropic.close()
  await openai.close()
})

let before: number
beforeEach(() => {
  before = asked()
})

const asked = (): number => anthropic.requests.length + openai.requests.length

const beta = { 'anthropic-beta': 'new-2027-01-01' }
const toAnthropic = {
  model: 'anthropic/claude-sonnet-4-5',
  max_tokens: 10,
  messages: [{ role: 'user', content: 'Hi' }],
}
const toOpenAi = { ...toAnthropic, model: 'openai/gpt-4o-audio-preview' }
const manyUnknown = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`new_${at}`, at]))

/** The error of a request that is refused with 400 and asked of nobody. */
async function refusalOf(body: unknown, headers?: Record<string, string>): Promise<ErrorResponse['error']> {
  const response = await gateway.post(body, headers)
  expect(response.status).toBe(400)
  expect(asked()).toBe(before)
  return errorOf(response)
}

/** What Anthropic is sent for a request that passes. */
async function sentToAnthropic(body: unknown): Promise<unknown> {
  await gateway.post(body, beta)
  expect(anthropic.requests.length + openai.requests.length).toBe(before + 1)
  return anthropic.requests.at(-1)?.json
}

describe('a beta', () => {
  it.each<[string, object, string]>([
    ['a wrong value', { temperature: 'hot' }, 'temperature'],
    ['a list that is none', { tools: 5 }, 'tools'],
    [
      'a text that is none',
      { messages: [{ role: 'user', content: [{ type: 'text', text: 5 }] }] },
      'messages[0].content[0].text',
    ],
    ['a type that is none', { messages: [{ role: 'user', content: [{ type: 5 }] }] }, 'messages[0].content[0].type'],
  ])('does not hide %s behind more unknown fields than are told', async (_, fields, param) => {
    const error = await refusalOf({ ...toAnthropic, ...manyUnknown, ...fields }, beta)
    expect(error.issues?.map((issue) => issue.param)).toEqual([param])
  })

  it.each<[string, unknown]>([
    ['an object', { models: ['x'] }],
    ['a word', 'default'],
    ['a list of objects', [{ model: 'claude-haiku-4-5' }]],
  ])('lets fallbacks that are %s pass as they are', async (_, fallbacks) => {
    expect(await sentToAnthropic({ ...toAnthropic, fallbacks })).toMatchObject({ fallbacks })
  })

  it('does not excuse fallbacks of the gateway that are wrong', async () => {
    expect(await refusalOf({ ...toAnthropic, fallbacks: [''] }, beta)).toMatchObject({ param: 'fallbacks[0]', code: 'empty' })
  })

  const smell = { type: 'smell', strength: 1 }
  const called = [
    { role: 'user', content: 'Smell it.' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'sniff', input: {} }] },
  ]
  it.each<[string, object]>([
    [
      'the result of a tool',
      { messages: [...called, { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [smell] }] }] },
    ],
    ['the system prompt', { system: [smell] }],
    ['the system prompt, of a kind that stands elsewhere', { system: [{ type: 'image' }] }],
    [
      'a search result, of a kind that stands elsewhere',
      {
        messages: [
          { role: 'user', content: [{ type: 'search_result', source: 's', title: 't', content: [{ type: 'document' }] }] },
        ],
      },
    ],
    [
      'a document, of a kind that stands elsewhere',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'document', source: { type: 'content', content: [{ type: 'search_result' }] } }],
          },
        ],
      },
    ],
  ])('lets a block that is new in %s pass', async (_, fields) => {
    expect(await sentToAnthropic({ ...toAnthropic, ...fields })).toMatchObject(fields)
  })

  it('is refused where it would be lost on the way to a fallback of another provider', async () => {
    const body = {
      ...toAnthropic,
      fallbacks: ['openai/gpt-5-mini'],
      messages: [...toAnthropic.messages, { role: 'assistant', content: [smell] }],
      glow: true,
    }
    const { issues } = await refusalOf(body, beta)
    expect(issues?.map((issue) => issue.param)).toEqual(expect.arrayContaining(['glow', 'messages[1].content[0].type']))
    expect(await sentToAnthropic({ ...body, fallbacks: ['anthropic/claude-haiku-4-5'] })).toMatchObject({ glow: true })
  })
})

it('says that there are more issues than it tells', async () => {
  const many = await refusalOf({ ...toAnthropic, ...manyUnknown })
  expect(many.issues).toHaveLength(32)
  expect(many.message).toMatch(/ \(and more; the first 32 are in issues\)$/)
  const all = await refusalOf({ ...toAnthropic, ...Object.fromEntries(Object.entries(manyUnknown).slice(0, 32)) })
  expect(all.message).toMatch(/ \(and 31 more in issues\)$/)
})

describe('extensions', () => {
  it.each(['model', 'messages', 'stream'])('do not set %s past its check, for whichever provider', async (field) => {
    for (const id of ['anthropic', 'openai', 'demo']) {
      for (const body of [toAnthropic, toOpenAi]) {
        const error = await refusalOf({ ...body, extensions: { [id]: { [field]: null } } }, beta)
        expect(error).toMatchObject({ code: 'unsupported_parameter', param: `extensions.${id}.${field}` })
      }
    }
  })

  it.each([
    ['models', 'openrouter', { models: ['openai/gpt-5'] }, 'fallbacks'],
    ['route', 'openrouter', { route: 'fallback' }, 'fallbacks'],
    ['preset', 'openrouter', { preset: 'dear' }, 'model'],
    ['fallbacks', 'anthropic', { fallbacks: [{ model: 'claude-opus-4-5' }] }, 'fallbacks'],
    ['max_tokens', 'openrouter', { max_tokens: 99_999 }, 'max_tokens'],
    ['max_completion_tokens', 'openai', { max_completion_tokens: 1 }, 'max_tokens'],
    ['max_output_tokens', 'oai-resp', { max_output_tokens: 1 }, 'max_tokens'],
    ['max_tokens_to_sample', 'anthropic', { max_tokens_to_sample: 1 }, 'max_tokens'],
    ['Max_Tokens', 'openai', { Max_Tokens: 1 }, 'max_tokens'],
    ['n', 'openai', { n: 50 }, 'one request for each'],
    ['best_of', 'groq', { best_of: 2 }, 'one request for each'],
    ['candidateCount', 'gem-dev', { candidateCount: 2 }, 'one request for each'],
    ['generationConfig.maxOutputTokens', 'gem-dev', { generationConfig: { maxOutputTokens: 1 } }, 'max_tokens'],
    ['generation_config.max_output_tokens', 'gem-vert', { generation_config: { max_output_tokens: 1 } }, 'max_tokens'],
    ['generationConfig.candidateCount', 'gem-vert', { generationConfig: { candidateCount: 8 } }, 'one request for each'],
  ])('do not set %s past what the gateway counts and allows', async (path, id, fields, instead) => {
    const { param, code, message } = await refusalOf({ ...toOpenAi, extensions: { [id]: fields } })
    expect({ param, code }).toEqual({ param: `extensions.${id}.${path}`, code: 'unsupported_parameter' })
    expect(message).toContain(instead)
  })

  it('of names with letters that only look like others are no way around', async () => {
    // The sign of kelvin is a k, and the long s an s, for servers written in Go.
    for (const field of ['max_to\u212aens', 'me\u017f\u017fages']) {
      const { code } = await refusalOf({ ...toOpenAi, extensions: { openai: { [field]: 1 } } })
      expect(code).toBe('unsupported_parameter')
    }
  })

  it('set what the contract has no field for', async () => {
    const openai = { seed: 1, provider: { sort: 'price' }, generationConfig: 'as it is', metadata: { n: 1, max_tokens: 2 } }
    const gemini = { generationConfig: { seed: 7 } }
    expect((await gateway.post({ ...toAnthropic, extensions: { openai, 'gem-dev': gemini } })).status).toBe(200)
  })

  it('are told with all that is wrong', async () => {
    const { issues } = await refusalOf({ ...toOpenAi, temperature: 'hot', extensions: { openai: { stream: true } } })
    expect(issues?.map((issue) => issue.param)).toEqual(['temperature', 'extensions.openai.stream'])
  })

  it('for a provider that is not there are ignored', async () => {
    expect((await gateway.post({ ...toAnthropic, extensions: { nobody: { model: 'x' } } })).status).toBe(200)
  })
})

describe('what a model cannot take by its value', () => {
  const stops = ['a', 'b', 'c', 'd', 'e']
  const audio = (source: object): object => ({ type: 'audio', source })
  const flac = audio({ type: 'base64', media_type: 'audio/flac', data: 'QUJD' })
  const wav = audio({ type: 'base64', media_type: 'audio/wav', data: 'QUJD' })

  it('is told all at once, with what the matrix refuses', async () => {
    const content = [flac, audio({ type: 'url', url: 'https://a.test/a.wav' }), wav, { type: 'text', text: 'Listen.' }]
    const messages = [
      { role: 'user', content },
      { role: 'assistant', content: [wav] },
      { role: 'user', content: 'So?' },
    ]
    const { issues } = await refusalOf({ ...toOpenAi, stop_sequences: stops, tools: [{ type: 'web_search' }], messages })
    expect(issues?.map(({ param, code }) => [param, code])).toEqual([
      ['tools[0].type', 'unsupported_tool'],
      ['stop_sequences', 'unsupported_parameter'],
      ['messages[0].content[0].source.media_type', 'unsupported_media_type'],
      ['messages[0].content[1].source.type', 'unsupported_block'],
      ['messages[1].content[0].type', 'unsupported_block'],
    ])
  })

  it('is refused for a fallback before the first model is asked', async () => {
    const body = { ...toAnthropic, stop_sequences: stops, fallbacks: [toOpenAi.model] }
    expect(await refusalOf(body)).toMatchObject({ param: 'stop_sequences', code: 'unsupported_parameter' })
  })
})
