import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MessageRequest, Tool } from '../../../api/schemas.gen.ts'
import { encodeCountTokens, encodeMessages, requestHeaders } from '../../../providers/anthropic/encode.ts'
import { callWith, key, request } from './streams.ts'

const minimal = '{"model":"anthropic/claude-test","max_tokens":5,"messages":[{"role":"user","content":"Hi."}]}'

/** What is sent for a caller's text. */
function sent(body: string, stream = false): string {
  const parsed: MessageRequest = JSON.parse(body)
  return encodeMessages(parsed, callWith({ body: Buffer.from(body) }), stream).toString()
}

function sentFor(changes: Partial<MessageRequest>, model = 'claude-test'): unknown {
  return JSON.parse(encodeMessages({ ...request, ...changes }, callWith({ model }), false).toString())
}

describe("the caller's own text", () => {
  it('reaches Anthropic but for the name of the model', () => {
    expect(sent(minimal)).toBe(minimal.replace('anthropic/', ''))
  })

  it('keeps the order of keys, the spelling of numbers, white space in values and fields nobody knows', () => {
    const own = [
      '"messages": [ {"content":"Hi.",   "role":"user", "later":{"b":1.0,"a":1e2}} ]',
      '"temperature":1.0',
      '"future_field":{"n":12345678901234567890, "x":-0, "s":"\\u00e9\\ud83d\\ude42"}',
      '"max_tokens": 1e2',
      '"top_p":0.10',
    ]
    const body = `{\n  ${own.slice(0, 2).join(',\n  ')},"model" : "anthropic/claude-test", ${own.slice(2).join(' ,')}\n}`
    const result = sent(body)
    expect(JSON.parse(result)).toEqual({ ...JSON.parse(body), model: 'claude-test' })
    let from = 0
    for (const member of own) {
      expect(result.indexOf(member), member).toBeGreaterThanOrEqual(from)
      from = result.indexOf(member) + member.length
    }
    expect(result).toContain('"model" : "claude-test"')
  })

  it.each([
    '{"model":"anthropic/claude-test","messages":[],"max_tokens":5}',
    '{"messages":[],"max_tokens":5,"model":"anthropic/claude-test"}',
    '{"messages":[{"role":"user","content":"\\"model\\":\\"anthropic/claude-test\\""}],"m\\u006fdel":"anthropic/claude-test","max_tokens":5}',
    '{ "metadata":{"model":"anthropic/claude-test"} , "model" : "an alias" , "messages":[],"max_tokens":5}',
  ])('gets the name of the model wherever it stands, and nothing else: %s', (body) => {
    const { model, ...rest } = JSON.parse(sent(body))
    expect(model).toBe('claude-test')
    const { model: _, ...own } = JSON.parse(body)
    expect(rest).toEqual(own)
  })

  it('is not changed in any value that the gateway does not own', () => {
    const field = fc.stringMatching(/^x_[a-z]{1,6}$/)
    fc.assert(
      fc.property(
        fc.dictionary(field, fc.jsonValue({ stringUnit: 'binary' })),
        fc.constantFrom(undefined, 2),
        (fields, indent) => {
          const body = JSON.stringify({ ...fields, ...request }, null, indent)
          expect(JSON.parse(sent(body))).toEqual({ ...JSON.parse(body), model: 'claude-test' })
        },
      ),
    )
  })

  it('is written anew from the request where there is no text', () => {
    expect(sentFor({})).toEqual({ ...request, model: 'claude-test' })
  })
})

describe('stream', () => {
  it.each([
    ['', false, undefined],
    ['', true, true],
    ['"stream":false,', false, false],
    ['"stream":false,', true, true],
    ['"stream":true,', true, true],
    ['"stream":true,', false, false],
  ])('with %j in the request and %s wanted is sent as %s', (field, wanted, expected) => {
    expect(JSON.parse(sent(minimal.replace('{', `{${field}`), wanted)).stream).toBe(expected)
  })
})

describe('max_tokens', () => {
  it.each([
    ['claude-test', 8192],
    ['claude-3-opus-20240229', 4096],
    ['claude-3-haiku-20240307', 4096],
    ['claude-3-5-haiku-20241022', 8192],
  ])('of a request to %s without one is %i', (model, expected) => {
    const { max_tokens: _, ...rest } = request
    expect(JSON.parse(encodeMessages(rest, callWith({ model }), false).toString())).toMatchObject({ max_tokens: expected })
  })

  it("is the caller's own where there is one", () => {
    expect(sentFor({ max_tokens: 1 })).toMatchObject({ max_tokens: 1 })
  })
})

describe("the gateway's own fields", () => {
  it('do not reach Anthropic', () => {
    const own: Partial<MessageRequest> = {
      extensions: { openai: { seed: 1 } },
      output: { modalities: ['text'] },
      fallbacks: ['openai/gpt-test'],
    }
    const body = JSON.stringify({ ...own, ...request })
    expect(JSON.parse(sent(body))).toEqual({ ...request, model: 'claude-test' })
    expect(sentFor(own)).toEqual({ ...request, model: 'claude-test' })
  })

  it("leave Anthropic's own fallbacks, which are objects, where they are", () => {
    const fallbacks = '"fallbacks":[{"model":"claude-other"}]'
    expect(sent(minimal.replace('{', `{${fallbacks},`))).toContain(fallbacks)
  })

  it('merge extensions.anthropic into the request, over what stands there, and no other extensions', () => {
    const extensions = { anthropic: { top_k: 5, metadata: { user_id: 'u' }, model: 'claude-other' }, openai: { seed: 1 } }
    expect(sentFor({ extensions, top_k: 1 })).toEqual({
      ...request,
      top_k: 5,
      metadata: { user_id: 'u' },
      model: 'claude-other',
    })
  })
})

describe('extensions.anthropic', () => {
  it('may name max_tokens, which then is no default', () => {
    const { max_tokens: _, ...rest } = request
    const extended: MessageRequest = { ...rest, extensions: { anthropic: { max_tokens: 7 } } }
    expect(JSON.parse(encodeMessages(extended, callWith(), false).toString())).toMatchObject({ max_tokens: 7 })
  })

  it('does not say whether the answer is a stream', () => {
    expect(sentFor({ extensions: { anthropic: { stream: true } } })).toMatchObject({ stream: false })
  })
})

describe('output_format', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } } }

  it.each([
    ['json_schema', { type: 'json_schema', json_schema: schema }],
    ['schema', { type: 'json_schema', schema }],
  ] as const)('with its schema in %s is sent as output_config.format', (_, output_format) => {
    const result = sentFor({ output_format })
    expect(result).toMatchObject({ output_config: { format: { type: 'json_schema', schema } } })
    expect(result).not.toHaveProperty('output_format')
  })

  it('keeps what else output_config says', () => {
    const output_format: NonNullable<MessageRequest['output_format']> = { type: 'json_schema', json_schema: schema }
    expect(sentFor({ output_format, output_config: { effort: 'low' } })).toMatchObject({
      output_config: { effort: 'low', format: { type: 'json_schema', schema } },
    })
  })

  it('leaves output_config as it was written where there is none', () => {
    const config = '"output_config" : {"effort":"low" }'
    expect(sent(minimal.replace('{', `{${config},`))).toContain(config)
  })
})

describe('tools', () => {
  const input_schema = { type: 'object' as const, properties: { a: { type: 'string' } } }

  it.each<[Tool, object]>([
    [
      { type: 'function', name: 'f', input_schema },
      { name: 'f', input_schema },
    ],
    [
      { type: 'function', name: 'f', description: 'd', strict: true, cache_control: { type: 'ephemeral' }, input_schema },
      { name: 'f', description: 'd', strict: true, cache_control: { type: 'ephemeral' }, input_schema },
    ],
    [{ type: 'web_search' }, { type: 'web_search_20250305', name: 'web_search' }],
    [
      { type: 'web_search', config: { max_uses: 2, allowed_domains: ['a.test'] } },
      { type: 'web_search_20250305', name: 'web_search', max_uses: 2, allowed_domains: ['a.test'] },
    ],
    [{ type: 'web_fetch' }, { type: 'web_fetch_20250910', name: 'web_fetch' }],
    [{ type: 'code_execution' }, { type: 'code_execution_20250825', name: 'code_execution' }],
    [
      { type: 'computer_use', config: { display_width_px: 800, display_height_px: 600 } },
      { type: 'computer_20251124', name: 'computer', display_width_px: 800, display_height_px: 600 },
    ],
    [{ type: 'text_editor' }, { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' }],
  ])('%j is %j', (tool, expected) => {
    expect(sentFor({ tools: [tool] })).toHaveProperty('tools', [expected])
  })

  it('of a screen is what the model has', () => {
    const tools: Tool[] = [{ type: 'computer_use', config: { display_width_px: 800, display_height_px: 600 } }]
    expect(sentFor({ tools }, 'claude-haiku-4-5')).toHaveProperty('tools[0].type', 'computer_20250124')
    expect(sentFor({ tools }, 'claude-opus-4-8')).toHaveProperty('tools[0].type', 'computer_20251124')
  })

  it("of Anthropic's own forms stay as they were written", () => {
    const tools =
      '"tools": [ {"name":"f","input_schema":{"type":"object","x":1.0}}, {"type":"web_search_20250305","name":"web_search"} ]'
    expect(sent(minimal.replace('{', `{${tools},`))).toContain(tools)
  })
})

describe('what a count of tokens is asked for', () => {
  it('has neither max_tokens nor stream', () => {
    const body = minimal.replace('{', '{"stream":true,')
    expect(JSON.parse(encodeCountTokens(JSON.parse(body), callWith({ body: Buffer.from(body) })).toString())).toEqual({
      model: 'claude-test',
      messages: request.messages,
    })
  })
})

describe('the headers', () => {
  it('carry the key and the version that the recorded API has', () => {
    expect(requestHeaders(request, callWith())).toEqual({ 'x-api-key': key, 'anthropic-version': '2023-06-01' })
  })

  it("carry the caller's own version and betas as they came", () => {
    const headers = { 'anthropic-version': '2026-10-21', 'anthropic-beta': 'a-1, b-2' }
    expect(requestHeaders(request, callWith({ headers }))).toEqual({ 'x-api-key': key, ...headers })
  })

  it("ask for the beta that a portable tool needs, besides the caller's", () => {
    const tools: Tool[] = [{ type: 'computer_use', config: { display_width_px: 1, display_height_px: 1 } }]
    const beta = (headers: Record<string, string>, model: string) =>
      requestHeaders({ ...request, tools }, callWith({ headers, model }))['anthropic-beta']
    expect(beta({}, 'claude-haiku-4-5')).toBe('computer-use-2025-01-24')
    expect(beta({}, 'claude-opus-4-8')).toBe('computer-use-2025-11-24')
    expect(beta({ 'anthropic-beta': 'a-1' }, 'claude-opus-4-8')).toBe('a-1,computer-use-2025-11-24')
  })
})
