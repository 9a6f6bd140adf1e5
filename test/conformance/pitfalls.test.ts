import { describe, expect } from 'vitest'
import { createSseParser } from '../../api/sse.ts'
import { recordedBytes } from '../upstreams/replay.ts'
import type { Player } from './expectations/row.ts'
import { chunksOf, pitfall, recorded, told, toldBy } from './pitfalls.ts'
import { playerOf } from './players.ts'
import { play } from './scripted-body.ts'

/**
 * What real providers send that an adapter gets wrong which only knows their documentation: how it is framed, how it fails, how it
 * ends and what it costs. Each test first finds the thing in the recording that shows it.
 */

describe('framing', () => {
  pitfall('comment lines stand before and between the events, up to 30 in one stream', async () => {
    expect((await recorded('openrouter/advisor.sse')).match(/^:/gm)).toHaveLength(30)
    expect(await toldBy('openrouter/advisor.sse')).toMatchObject({ stop: 'end_turn', text: expect.stringMatching(/^.{109}$/s) })
  })

  pitfall('lines end with CR and LF', async () => {
    expect(await recorded('gemini/text.sse')).toContain('\r\n\r\n')
    expect((await toldBy('gemini/text.sse')).text).toBe('The capital of France is Paris.\n')
  })

  pitfall('lines end with CR and LF, and events have no name, in transcriptions', async () => {
    const bytes = await recordedBytes({ file: 'audio/openai/transcription-stream.sse' })
    expect(new TextDecoder().decode(bytes)).toMatch(/^data: .*\r\n\r\n/)
    const messages = createSseParser(1e6).feed(bytes)
    expect(JSON.parse(messages.findLast(({ data }) => data.startsWith('{'))?.data ?? '')).toHaveProperty(
      'type',
      'transcript.text.done',
    )
  })

  pitfall('a JSON array comes instead of events', async () => {
    expect(await recorded('gemini/array-stream-no-alt-sse.json')).toMatch(/^\[\{/)
    const { content, stop } = await toldBy('gemini/array-stream-no-alt-sse.json')
    expect(stop).toBe('end_turn')
    expect(content.slice(0, 2).map(({ type }) => type)).toEqual(['thinking', 'text'])
  })

  pitfall('no [DONE] comes', async () => {
    expect(await recorded('perplexity/citations.sse')).not.toContain('[DONE]')
    expect(await toldBy('perplexity/citations.sse')).toMatchObject({ stop: 'end_turn', error: undefined })
  })

  pitfall('no [DONE] comes after an error', async () => {
    expect(await recorded('groq/reasoning-tool-use-failed.sse')).not.toContain('[DONE]')
    expect(await toldBy('groq/reasoning-tool-use-failed.sse')).toMatchObject({
      stop: undefined,
      error: { type: expect.any(String) },
    })
  })

  pitfall('events of the Responses API have no names, and then there is a [DONE]', async () => {
    const stream = await recorded('openrouter/responses-raw-cot.sse')
    expect(stream).not.toMatch(/^event:/m)
    expect(stream).toContain('data: [DONE]')
    expect(await toldBy('openrouter/responses-raw-cot.sse')).toMatchObject({ text: '4', stop: 'end_turn' })
  })

  pitfall('JSON is padded with spaces before its last brace, and pings come', async () => {
    const stream = await recorded('anthropic/text-short-padded-json.sse')
    expect(stream).toMatch(/ +\}\n/)
    expect(stream).toContain('event: ping')
    const { events, text } = await toldBy('anthropic/text-short-padded-json.sse')
    expect(text).toBe('2')
    expect(events.map(({ type }) => type)).toContain('ping')
  })

  pitfall('reads end inside a character of several bytes', async () => {
    const bytes = await recordedBytes({ file: 'llm/anthropic/compaction.sse' })
    const emoji = Buffer.from(bytes).indexOf('👋')
    expect(emoji).toBeGreaterThan(0)
    const whole = await play(playerOf('anthropic'), [bytes])
    for (const at of [emoji + 1, emoji + 2, emoji + 3]) {
      expect(await play(playerOf('anthropic'), [bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole)
    }
  })

  pitfall('reads end between CR and LF', async () => {
    const bytes = await recordedBytes({ file: 'llm/gemini/text.sse' })
    const pieces = Buffer.from(bytes)
      .toString('latin1')
      .split(/(?<=\r)/)
    expect(pieces.length).toBeGreaterThan(4)
    const whole = await play(playerOf('gem-dev'), [bytes])
    const cut = await play(
      playerOf('gem-dev'),
      pieces.map((piece) => Buffer.from(piece, 'latin1')),
    )
    expect(cut.events).toEqual(whole.events)
  })
})

describe('errors in a 200', () => {
  pitfall('an event named error comes after the model began to think', async () => {
    expect(await recorded('groq/reasoning-tool-use-failed.sse')).toMatch(/^event: error$/m)
    const { thinking, error } = await toldBy('groq/reasoning-tool-use-failed.sse')
    expect(thinking).toHaveLength(412)
    expect(error).toMatchObject({ code: 'provider_rejected', message: expect.stringContaining('Tool call validation failed') })
  })

  pitfall('an error stands beside choices and usage, after the reason to finish came twice', async () => {
    const chunks = await chunksOf('openrouter/stream-error.sse')
    expect(chunks.filter((chunk) => JSON.stringify(chunk).includes('"finish_reason":"length"'))).toHaveLength(2)
    expect(chunks.at(-1)).toMatchObject({ error: { code: 400 }, choices: [{}], usage: {} })
    const { stop, error } = await toldBy('openrouter/stream-error.sse')
    expect(stop).toBeUndefined()
    expect(error).toMatchObject({ code: 'provider_rejected', message: expect.stringContaining('Token limit reached') })
  })

  pitfall('an error comes, and then the response is said to have failed', async () => {
    const types = (await chunksOf('openai/responses-error-mid-stream.sse')).map(({ type }) => type)
    expect(types.slice(-2)).toEqual(['error', 'response.failed'])
    expect((await toldBy('openai/responses-error-mid-stream.sse')).error).toMatchObject({ code: 'provider_quota', status: 429 })
  })

  const cut: readonly (readonly [Player, string])[] = [
    ['anthropic', 'anthropic/thinking-signature.sse'],
    ['openai', 'openai/chat-text.sse'],
    ['oai-resp', 'openai/responses-text.sse'],
    ['gem-dev', 'gemini/thinking.sse'],
  ]
  for (const [by, name] of cut) {
    pitfall(`a stream just ends: ${by}`, async () => {
      const bytes = await recordedBytes({ file: `llm/${name}` })
      const { error, stop } = await told(by, bytes.subarray(0, bytes.length / 2))
      expect(stop).toBeUndefined()
      expect(error).toMatchObject({ code: 'provider_disconnected', type: 'provider_error' })
    })
  }
})

describe('bodies of errors', () => {
  const json = 'application/json'

  pitfall('it is {"detail": …}', async () => {
    expect(await recorded('mistral/error-401.json')).toMatch(/^\{"detail":/)
    const { error } = await toldBy('mistral/error-401.json', { status: 401 })
    expect(error).toMatchObject({ code: 'provider_authentication', message: expect.stringContaining('Invalid API Key') })
  })

  pitfall('the error is a string, and a wrong key is a 400', async () => {
    expect(JSON.parse(await recorded('xai/error-400-key.json')).error).toEqual(expect.any(String))
    expect((await toldBy('xai/error-400-key.json', { status: 400 })).error).toMatchObject({
      status: 401,
      code: 'provider_authentication',
    })
  })

  pitfall('a wrong key is a 400 of many details', async () => {
    expect(JSON.parse(await recorded('gemini/error-400-key.json')).error.details).toHaveLength(2)
    expect((await toldBy('gemini/error-400-key.json', { status: 400 })).error).toMatchObject({
      status: 401,
      code: 'provider_authentication',
    })
  })

  pitfall('the code is a number', async () => {
    expect(JSON.parse(await recorded('openrouter/error-401.json')).error.code).toBe(401)
    expect((await toldBy('openrouter/error-401.json', { status: 401 })).error).toMatchObject({ code: 'provider_authentication' })
  })

  const everybody: readonly Player[] = ['anthropic', 'openai', 'oai-resp', 'gem-dev', 'groq', 'cerebras', 'openrouter']
  for (const by of everybody) {
    pitfall(`it is a proxy’s page: ${by}`, async () => {
      const page = '<html><head><title>502 Bad Gateway</title></head><body></body></html>'
      const { error } = await told(by, page, { status: 502, contentType: 'text/html' })
      expect(error).toMatchObject({ code: 'provider_error', status: 502, providerError: { status: 502, body: page } })
    })

    pitfall(`it is empty: ${by}`, async () => {
      expect((await told(by, '', { status: 503, contentType: json })).error).toMatchObject({ code: 'provider_overloaded' })
    })
  }
})

describe('the end and what it cost', () => {
  const usageChunks: readonly (readonly [Player, string, number])[] = [
    ['openai', 'openai/chat-text.sse', 300],
    ['preset:ollama', 'ollama/text-reasoning.sse', 53],
    ['preset:xai', 'xai/chat-tool-call.sse', 253],
    ['preset:azure', 'azure/chat-tool-call.sse', 18],
    ['preset:vllm', 'crusoe-vllm/text.sse', 14],
  ]
  for (const [by, name, tokens] of usageChunks) {
    pitfall(`usage comes in a chunk without choices: ${by}`, async () => {
      expect((await chunksOf(name)).at(-1)).toMatchObject({ choices: [], usage: {} })
      expect((await toldBy(name)).usage.output_tokens).toBe(tokens)
    })
  }

  pitfall('another chunk without choices tells of moderation', async () => {
    const chunks = await chunksOf('openai/chat-moderation.sse')
    expect(chunks.filter(({ choices }) => Array.isArray(choices) && choices.length === 0)).toHaveLength(2)
    const { text, events } = await toldBy('openai/chat-moderation.sse')
    expect(text).toBe('Paris.')
    expect(events.find(({ type }) => type === 'message_delta')).toHaveProperty('metadata.provider.moderation')
  })

  pitfall('a first chunk has neither choices nor an id nor a model', async () => {
    expect((await chunksOf('openai/chat-azure-model-router.sse'))[0]).toMatchObject({ choices: [], id: '', model: '' })
    const { events } = await toldBy('openai/chat-azure-model-router.sse')
    expect(events[0]).toMatchObject({ type: 'message_start', message: { id: expect.stringMatching(/.+/) } })
  })

  const onFinish: readonly (readonly [Player, string, number])[] = [
    ['preset:deepseek', 'deepseek/reasoning.sse', 212],
    ['plain:zai', 'zai/reasoning.sse', 564],
    ['preset:mistral', 'mistral/tool-call.sse', 28],
  ]
  for (const [by, name, tokens] of onFinish) {
    pitfall(`usage stands in the chunk with the reason to finish: ${by}`, async () => {
      expect((await chunksOf(name)).at(-1)).toMatchObject({ choices: [{ finish_reason: expect.any(String) }], usage: {} })
      expect((await toldBy(name)).usage.output_tokens).toBe(tokens)
    })
  }

  pitfall('the reason to finish comes again with the usage', async () => {
    const chunks = await chunksOf('openrouter/tool-call.sse')
    expect(chunks.slice(-2)).toMatchObject([
      { choices: [{ finish_reason: 'tool_calls' }] },
      { choices: [{ finish_reason: 'tool_calls' }], usage: { completion_tokens: 75 } },
    ])
    const { events, usage } = await toldBy('openrouter/tool-call.sse')
    expect(events.filter(({ type }) => type === 'message_delta')).toHaveLength(1)
    expect(usage.output_tokens).toBe(75)
  })

  pitfall('usage comes twice, or in x_groq alone', async () => {
    expect((await chunksOf('groq/text.sse')).at(-1)).toMatchObject({ usage: {}, x_groq: { usage: {} } })
    expect((await chunksOf('groq/compound-web-search.sse')).some((chunk) => 'usage' in chunk)).toBe(false)
    expect((await toldBy('groq/text.sse')).usage.output_tokens).toBe(662)
    expect((await toldBy('groq/compound-web-search.sse')).usage).toMatchObject({ input_tokens: 5003, output_tokens: 359 })
  })

  pitfall('there is no reason to finish at all', async () => {
    expect(await recorded('snowflake/thinking.sse')).not.toMatch(/"finish_reason":"/)
    expect(await toldBy('snowflake/thinking.sse')).toMatchObject({ stop: 'end_turn', error: undefined })
  })

  pitfall('STOP is said after a tool call', async () => {
    expect(await recorded('gemini/tool-call.sse')).toContain('"finishReason": "STOP"')
    expect((await toldBy('gemini/tool-call.sse')).stop).toBe('tool_use')
  })
})

describe('arithmetic of tokens', () => {
  pitfall('completion_tokens exclude reasoning', async () => {
    const { usage } = (await chunksOf('xai/chat-tool-call.sse')).at(-1) ?? {}
    expect(usage).toMatchObject({ prompt_tokens: 307, completion_tokens: 26, total_tokens: 560 })
    expect((await toldBy('xai/chat-tool-call.sse')).usage).toMatchObject({
      output_tokens: 253,
      output_tokens_details: { thinking_tokens: 227 },
    })
  })

  pitfall('candidatesTokenCount excludes thoughts and is absent at first', async () => {
    const chunks = await chunksOf('gemini/thinking.sse')
    expect(chunks[0]?.usageMetadata).not.toHaveProperty('candidatesTokenCount')
    expect(chunks.at(-1)?.usageMetadata).toMatchObject({ candidatesTokenCount: 469, thoughtsTokenCount: 787 })
    expect((await toldBy('gemini/thinking.sse')).usage).toMatchObject({ output_tokens: 1256 })
  })

  pitfall('input_tokens are revised in message_delta', async () => {
    const [start, delta] = (await chunksOf('anthropic/delta-input-tokens.sse')).filter(({ type }) =>
      /^message_(start|delta)/.test(String(type)),
    )
    expect([start, delta]).toMatchObject([{ message: { usage: { input_tokens: 43 } } }, { usage: { input_tokens: 61 } }])
    expect((await toldBy('anthropic/delta-input-tokens.sse')).usage.input_tokens).toBe(61)
  })
})
