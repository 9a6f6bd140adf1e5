import { describe, expect, it } from 'vitest'
import type { ContentBlockParam, MessageRequest, ToolResultBlockParam } from '../../../api/schemas.gen.ts'
import { check } from '../../../providers/gemini/check.ts'
import { encode, encodeTokenCount } from '../../../providers/gemini/encode.ts'
import { geminiDialect, vertexDialect } from '../../../providers/gemini/index.ts'
import { modelPath } from '../../../providers/gemini/model-path.ts'
import { type Json, request } from './chunks.ts'

const newer = 'gemini-3-flash-preview'
const older = 'gemini-2.5-flash'

function body(changes: Partial<MessageRequest>, model = newer, dialect = geminiDialect): Readonly<Record<string, unknown>> {
  return encode({ ...request, ...changes }, model, dialect)
}

function contents(messages: MessageRequest['messages'], model = newer, dialect = geminiDialect): unknown {
  return body({ messages }, model, dialect).contents
}

/** The parts of what a user says. */
function userParts(...content: ContentBlockParam[]): unknown {
  return Object(Object(contents([{ role: 'user', content }]))[0]).parts
}

function config(changes: Partial<MessageRequest>, model = newer, dialect = geminiDialect): unknown {
  return body(changes, model, dialect).generationConfig
}

const user = (...parts: Json[]): Json => ({ role: 'user', parts })
const model = (...parts: Json[]): Json => ({ role: 'model', parts })
const tool = {
  name: 'f',
  description: 'does',
  input_schema: { type: 'object' as const, properties: { a: {} }, additionalProperties: false },
}

describe('the request', () => {
  it('says no more than it is asked to', () => {
    expect(body({})).toEqual({ contents: [user({ text: 'Hi.' })] })
  })

  it('has the system prompt, sampling and limits', () => {
    const sampling = { max_tokens: 5, temperature: 0.5, top_p: 0.9, top_k: 3, stop_sequences: ['###'] }
    expect(body({ system: 'Be brief.', ...sampling, service_tier: 'standard_only' })).toEqual({
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [user({ text: 'Hi.' })],
      generationConfig: { maxOutputTokens: 5, temperature: 0.5, topP: 0.9, topK: 3, stopSequences: ['###'] },
      serviceTier: 'standard',
    })
    expect(
      body({
        system: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      }).systemInstruction,
    ).toEqual({
      parts: [{ text: 'a' }, { text: 'b' }],
    })
  })

  it('has extensions in it, member by member, and those of its own provider alone', () => {
    const own = { generationConfig: { seed: 7 }, safetySettings: [{ category: 'C' }], contents: 3 }
    const extensions = { 'gem-dev': own, 'gem-vert': { labels: {} } }
    expect(body({ max_tokens: 5, extensions })).toEqual({
      contents: 3,
      generationConfig: { maxOutputTokens: 5, seed: 7 },
      safetySettings: [{ category: 'C' }],
    })
    expect(body({ extensions }, newer, vertexDialect)).toMatchObject({ labels: {} })
  })

  it('tells of the user where there are labels', () => {
    const metadata = { user_id: 'u-1' }
    expect(body({ metadata })).not.toHaveProperty('labels')
    expect(body({ metadata }, newer, vertexDialect)).toMatchObject({ labels: { user_id: 'u-1' } })
  })

  it('has the schema of the answer', () => {
    const schema = { type: 'object' }
    const expected = { responseMimeType: 'application/json', responseJsonSchema: schema }
    expect(config({ output_format: { type: 'json_schema', json_schema: schema, name: 'n', strict: true } })).toEqual(expected)
    expect(config({ output_config: { format: { type: 'json_schema', schema } } })).toEqual(expected)
  })

  it('for a count is a request inside of one, or some of its fields', () => {
    const changes = { ...request, max_tokens: 5, tools: [tool], tool_choice: { type: 'any' as const } }
    expect(encodeTokenCount(changes, newer, geminiDialect)).toEqual({
      generateContentRequest: { model: `models/${newer}`, ...encode(changes, newer, geminiDialect) },
    })
    expect(Object.keys(encodeTokenCount(changes, newer, vertexDialect)).sort()).toEqual(['contents', 'generationConfig', 'tools'])
  })
})

describe('thinking', () => {
  it.each<[string, Partial<MessageRequest>, Json | undefined]>([
    [older, { thinking: { type: 'enabled', budget_tokens: 2000 } }, { thinkingBudget: 2000, includeThoughts: true }],
    [older, { thinking: { type: 'enabled', budget_tokens: 99_999 } }, { thinkingBudget: 24_576, includeThoughts: true }],
    // What is thought counts against max_tokens.
    [older, { output_config: { effort: 'high' }, max_tokens: 1000 }, { thinkingBudget: 750 }],
    [older, { output_config: { effort: 'low' }, max_tokens: 8000 }, { thinkingBudget: 1024 }],
    ['gemini-2.5-pro', { output_config: { effort: 'max' }, max_tokens: 100 }, { thinkingBudget: 128 }],
    [
      older,
      { thinking: { type: 'enabled', budget_tokens: 5000 }, max_tokens: 2000 },
      { thinkingBudget: 1999, includeThoughts: true },
    ],
    [older, { thinking: { type: 'adaptive' } }, { thinkingBudget: -1, includeThoughts: true }],
    [older, { thinking: { type: 'adaptive', display: 'omitted' } }, { thinkingBudget: -1, includeThoughts: false }],
    [older, { thinking: { type: 'disabled' } }, { thinkingBudget: 0 }],
    [older, { output_config: { effort: 'medium' } }, { thinkingBudget: 8192 }],
    ['gemini-2.5-pro', { thinking: { type: 'disabled' } }, { thinkingBudget: 128 }],
    [
      'gemini-2.5-flash-lite',
      { thinking: { type: 'enabled', budget_tokens: 100 } },
      { thinkingBudget: 512, includeThoughts: true },
    ],
    ['gemini-2.0-flash', { thinking: { type: 'adaptive' } }, undefined],
    ['gemini-2.0-flash', { thinking: { type: 'disabled' } }, undefined],
    [newer, { thinking: { type: 'enabled', budget_tokens: 2000 } }, { thinkingLevel: 'LOW', includeThoughts: true }],
    [newer, { thinking: { type: 'enabled', budget_tokens: 8192 } }, { thinkingLevel: 'MEDIUM', includeThoughts: true }],
    [newer, { thinking: { type: 'enabled', budget_tokens: 9000 } }, { thinkingLevel: 'HIGH', includeThoughts: true }],
    [newer, { thinking: { type: 'adaptive' } }, { includeThoughts: true }],
    [newer, { thinking: { type: 'disabled' } }, { thinkingLevel: 'MINIMAL' }],
    [newer, { output_config: { effort: 'max' } }, { thinkingLevel: 'HIGH' }],
    [newer, { thinking: { type: 'between_tools' } }, undefined],
    ['gemini-3-pro-preview', { output_config: { effort: 'medium' } }, { thinkingLevel: 'HIGH' }],
    ['gemini-3.1-pro-preview', { output_config: { effort: 'medium' } }, { thinkingLevel: 'MEDIUM' }],
    ['gemini-3-pro-preview', { thinking: { type: 'disabled' } }, { thinkingLevel: 'LOW' }],
    ['gemini-flash-latest', { output_config: { effort: 'low' } }, { thinkingLevel: 'LOW' }],
  ])('%s: %j', (name, changes, expected) => {
    expect(Object(config(changes, name)).thinkingConfig).toEqual(expected)
  })
})

describe('what a user says', () => {
  const data = 'AAAA'

  it.each<[string, ContentBlockParam, unknown[]]>([
    [
      'a picture',
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
      [{ inlineData: { mimeType: 'image/png', data } }],
    ],
    [
      'a picture by URL',
      { type: 'image', source: { type: 'url', url: 'https://a.test/x.webp?y=1' } },
      [{ fileData: { mimeType: 'image/webp', fileUri: 'https://a.test/x.webp?y=1' } }],
    ],
    [
      'an uploaded file',
      { type: 'document', source: { type: 'file', file_id: 'files/abc' } },
      [{ fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } }],
    ],
    [
      'a PDF',
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } },
      [{ inlineData: { mimeType: 'application/pdf', data } }],
    ],
    [
      'a PDF with a title',
      { type: 'document', title: 'T', source: { type: 'base64', media_type: 'application/pdf', data } },
      [{ text: '<document>\n<title>T</title>' }, { inlineData: { mimeType: 'application/pdf', data } }, { text: '</document>' }],
    ],
    [
      'a text document',
      { type: 'document', context: 'C', source: { type: 'text', media_type: 'text/plain', data: 'x' } },
      [{ text: '<document>\n<context>C</context>\nx\n</document>' }],
    ],
    [
      'a search result',
      { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'x' }] },
      [{ text: '<search_result>\n<title>t</title>\n<source>s</source>\nx\n</search_result>' }],
    ],
    [
      'sound',
      { type: 'audio', source: { type: 'base64', media_type: 'audio/mpeg', data } },
      [{ inlineData: { mimeType: 'audio/mp3', data } }],
    ],
    [
      'a film',
      { type: 'video', source: { type: 'url', url: 'https://www.youtube.com/watch?v=x' } },
      [{ fileData: { fileUri: 'https://www.youtube.com/watch?v=x' } }],
    ],
  ])('%s', (_, block, parts) => {
    expect(userParts(block)).toEqual(parts)
  })

  it('has the type that Vertex AI asks for, and the URI as it is', () => {
    const message = (file_id: string): MessageRequest['messages'] => [
      { role: 'user', content: [{ type: 'video', source: { type: 'file', file_id } }] },
    ]
    expect(contents(message('gs://b/x'), newer, vertexDialect)).toEqual([
      user({ fileData: { mimeType: 'video/mp4', fileUri: 'gs://b/x' } }),
    ])
    expect(contents(message('gs://b/x.mov'), newer, vertexDialect)).toEqual([
      user({ fileData: { mimeType: 'video/mov', fileUri: 'gs://b/x.mov' } }),
    ])
  })

  it('of one turn is one content, and a system message is framed', () => {
    expect(
      contents([
        { role: 'user', content: 'a' },
        { role: 'system', content: 'b' },
        { role: 'user', content: [{ type: 'text', text: 'c' }] },
        { role: 'assistant', content: 'd' },
        { role: 'assistant', content: [{ type: 'text', text: 'e' }] },
        { role: 'user', content: 'f' },
      ]),
    ).toEqual([
      user({ text: 'a' }, { text: '<system>\nb\n</system>' }, { text: 'c' }),
      model({ text: 'd' }, { text: 'e' }),
      user({ text: 'f' }),
    ])
  })

  it('a turn of which nothing is left is left out', () => {
    expect(
      contents([
        { role: 'user', content: 'a' },
        { role: 'assistant', content: [{ type: 'thinking', thinking: 'x', signature: 'of another' }] },
        { role: 'user', content: 'b' },
      ]),
    ).toEqual([user({ text: 'a' }), user({ text: 'b' })])
  })
})

describe('tools', () => {
  it('of the caller are declared with their schema as it is', () => {
    expect(body({ tools: [tool, { type: 'function', name: 'g', input_schema: { type: 'object' } }] }).tools).toEqual([
      {
        functionDeclarations: [
          { name: 'f', description: 'does', parametersJsonSchema: tool.input_schema },
          { name: 'g', parametersJsonSchema: { type: 'object' } },
        ],
      },
    ])
  })

  it('of the provider are named', () => {
    const tools: MessageRequest['tools'] = [
      { type: 'web_search' },
      { type: 'web_fetch' },
      { type: 'code_execution' },
      { type: 'file_search', config: { vector_store_ids: ['fileSearchStores/a'], max_num_results: 3 } },
    ]
    expect(body({ tools })).toMatchObject({
      tools: [
        { googleSearch: {} },
        { urlContext: {} },
        { codeExecution: {} },
        { fileSearch: { fileSearchStoreNames: ['fileSearchStores/a'], topK: 3 } },
      ],
    })
    expect(body({ tools })).not.toHaveProperty('toolConfig')
    expect(
      body({ tools: [{ type: 'web_search', config: { blocked_domains: ['a.test'] } }] }, newer, vertexDialect).tools,
    ).toEqual([{ googleSearch: { excludeDomains: ['a.test'] } }])
  })

  it('of both are announced where that is asked for', () => {
    const changes: Partial<MessageRequest> = { tools: [tool, { type: 'web_search' }], tool_choice: { type: 'auto' } }
    expect(body(changes).toolConfig).toEqual({ includeServerSideToolInvocations: true })
    expect(body(changes, newer, vertexDialect)).not.toHaveProperty('toolConfig')
  })

  it.each<[NonNullable<MessageRequest['tool_choice']>, Json]>([
    [{ type: 'auto' }, { mode: 'AUTO' }],
    [{ type: 'any' }, { mode: 'ANY' }],
    [{ type: 'none' }, { mode: 'NONE' }],
    [
      { type: 'tool', name: 'f' },
      { mode: 'ANY', allowedFunctionNames: ['f'] },
    ],
  ])('are chosen: %j', (tool_choice, functionCallingConfig) => {
    expect(body({ tools: [tool], tool_choice }).toolConfig).toEqual({ functionCallingConfig })
    expect(body({ tools: [], tool_choice })).not.toHaveProperty('toolConfig')
  })

  it('of the provider are not named where none is to be used', () => {
    const changes: Partial<MessageRequest> = { tools: [tool, { type: 'web_search' }], tool_choice: { type: 'none' } }
    expect(body(changes)).toMatchObject({
      tools: [{ functionDeclarations: [{ name: 'f' }] }],
      toolConfig: { functionCallingConfig: { mode: 'NONE' } },
    })
  })
})

describe('calls and their results', () => {
  const use = (id: string, name = 'f'): ContentBlockParam => ({ type: 'tool_use', id, name, input: { a: id } })
  const answer = (id: string, more: Partial<ToolResultBlockParam> = {}): ContentBlockParam => ({
    type: 'tool_result',
    tool_use_id: id,
    content: `of ${id}`,
    ...more,
  })
  const made = 'toolu_01JD3M5Z7X9V1T3R5P7N9K1H3F'

  function round(calls: ContentBlockParam[], results: ContentBlockParam[], name = newer): unknown[] {
    const all = contents(
      [
        { role: 'user', content: 'go' },
        { role: 'assistant', content: calls },
        { role: 'user', content: results },
      ],
      name,
    )
    return Array.isArray(all) ? all.slice(1) : []
  }

  it('have the ids that Gemini gave, and go together by their order where it gave none', () => {
    const thought: ContentBlockParam = { type: 'thinking', thinking: '', signature: 'vai.gem-dev.n.U0lH' }
    expect(round([thought, use('c1'), use(made)], [answer('c1'), answer(made)])).toEqual([
      model(
        { functionCall: { id: 'c1', name: 'f', args: { a: 'c1' } }, thoughtSignature: 'U0lH' },
        { functionCall: { name: 'f', args: { a: made } } },
      ),
      user(
        { functionResponse: { id: 'c1', name: 'f', response: { output: 'of c1' } } },
        { functionResponse: { name: 'f', response: { output: `of ${made}` } } },
      ),
    ])
  })

  it('of another model have no ids, which not every API takes', () => {
    expect(round([use('c1')], [answer('c1')], older)).toEqual([
      model({ functionCall: { name: 'f', args: { a: 'c1' } } }),
      user({ functionResponse: { name: 'f', response: { output: 'of c1' } } }),
    ])
  })

  it('come in the order of the calls, before what else is said', () => {
    const results: ContentBlockParam[] = [{ type: 'text', text: 'well' }, answer('c2', { is_error: true }), answer('c1')]
    expect(round([use('c1'), use('c2', 'g')], results, older)[1]).toEqual(
      user(
        { functionResponse: { name: 'f', response: { output: 'of c1' } } },
        { functionResponse: { name: 'g', response: { error: 'of c2' } } },
        { text: 'well' },
      ),
    )
  })

  it('are told apart though one id is used again', () => {
    const turns = (name: string): MessageRequest['messages'] => [
      { role: 'assistant', content: [use('call_0', name)] },
      { role: 'user', content: [answer('call_0')] },
    ]
    const all = contents([{ role: 'user', content: 'go' }, ...turns('f'), ...turns('g')], older)
    expect(JSON.stringify(all).match(/"functionResponse":\{"name":"[fg]"/g)).toEqual([
      '"functionResponse":{"name":"f"',
      '"functionResponse":{"name":"g"',
    ])
  })

  it('hold pictures inside where the model takes them, and are followed by them elsewhere', () => {
    const image: ContentBlockParam = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }
    const inlineData = { mimeType: 'image/png', data: 'AAAA' }
    const results = [answer('c1', { content: [{ type: 'text', text: 'see' }, image] })]
    expect(round([use('c1')], results)[1]).toEqual(
      user({ functionResponse: { name: 'f', response: { output: 'see' }, parts: [{ inlineData }] } }),
    )
    expect(round([use('c1')], results, older)[1]).toEqual(
      user(
        { functionResponse: { name: 'f', response: { output: 'see\n(More of this result follows.)' } } },
        { text: 'Of the result of f:' },
        { inlineData },
      ),
    )
  })

  it('that another model made get the documented signature, the first of each step alone, where one is needed', () => {
    const dummy = { thoughtSignature: 'skip_thought_signature_validator' }
    for (const name of [newer, 'gemini-4-argon', 'gemini-pro-latest']) {
      expect(round([use('c1'), use('c2')], [answer('c1'), answer('c2')], name)[0]).toEqual(
        model({ functionCall: { name: 'f', args: { a: 'c1' } }, ...dummy }, { functionCall: { name: 'f', args: { a: 'c2' } } }),
      )
    }
    for (const name of [older, 'gemini-2.0-flash', 'gemma-3-27b-it']) {
      expect(JSON.stringify(round([use('c1')], [answer('c1')], name))).not.toContain('skip_thought')
    }
  })

  it('that were signed keep their own signature', () => {
    const thought: ContentBlockParam = { type: 'thinking', thinking: 'Hm', signature: 'vai.gem-dev.n.U0lH' }
    expect(round([thought, use('c1'), use('c2')], [answer('c1'), answer('c2')])[0]).toEqual(
      model(
        { text: 'Hm', thought: true },
        { functionCall: { id: 'c1', name: 'f', args: { a: 'c1' } }, thoughtSignature: 'U0lH' },
        { functionCall: { id: 'c2', name: 'f', args: { a: 'c2' } } },
      ),
    )
  })

  it.each(['vai.gem-vert.n.U0lH', 'EqQBCgIYAhIM1gbc', ''])('thinking sealed as %j is not sent', (signature) => {
    const thought: ContentBlockParam = { type: 'thinking', thinking: 'Hm', signature }
    expect(round([thought, use('c1')], [answer('c1')], older)[0]).toEqual(
      model({ functionCall: { name: 'f', args: { a: 'c1' } } }),
    )
  })
})

describe('pictures that are made', () => {
  it.each<[string, Json]>([
    ['16:9', { aspectRatio: '16:9' }],
    ['1344x768', { aspectRatio: '16:9' }],
    ['1024x1024', { aspectRatio: '1:1' }],
    ['2k', { imageSize: '2K' }],
  ])('of the size %s', (size, imageConfig) => {
    expect(config({ output: { modalities: ['text', 'image'], image: { size } } })).toEqual({
      responseModalities: ['TEXT', 'IMAGE'],
      imageConfig,
    })
  })

  it('of a format, where it can be chosen', () => {
    const output = { image: { format: 'jpeg' } }
    expect(config({ output }, newer, vertexDialect)).toEqual({ imageConfig: { imageOutputOptions: { mimeType: 'image/jpeg' } } })
  })
})

describe('what is refused by its value', () => {
  it.each<[string, Partial<MessageRequest>]>([
    ['stop_sequences', { stop_sequences: ['1', '2', '3', '4', '5', '6'] }],
    ['output.modalities[1]', { output: { modalities: ['text', 'audio'] } }],
    ['output.image.size', { output: { image: { size: 'large' } } }],
    ['output.image.quality', { output: { image: { quality: 'high' } } }],
    ['output.image.format', { output: { image: { format: 'png' } } }],
    ['tools[0].config.allowed_domains', { tools: [{ type: 'web_search', config: { allowed_domains: ['a.test'] } }] }],
    ['tools[0].config.blocked_domains', { tools: [{ type: 'web_search', config: { blocked_domains: ['a.test'] } }] }],
    ['tools[0].config.max_uses', { tools: [{ type: 'web_fetch', config: { max_uses: 1 } }] }],
    ['tool_choice.type', { tools: [{ type: 'web_search' }], tool_choice: { type: 'any' } }],
    ['tool_choice.name', { tools: [{ type: 'web_search' }], tool_choice: { type: 'tool', name: 'web_search' } }],
  ])('%s', (param, changes) => {
    expect(check({ ...request, ...changes }, geminiDialect)).toMatchObject([{ param, code: 'unsupported_parameter' }])
  })

  it('but not what Vertex AI takes', () => {
    const tools: MessageRequest['tools'] = [{ type: 'web_search', config: { blocked_domains: ['a.test'] } }]
    expect(check({ ...request, tools, output: { image: { format: 'png' } } }, vertexDialect)).toEqual([])
    expect(check({ ...request, tools: [tool], tool_choice: { type: 'any' }, stop_sequences: ['1'] }, geminiDialect)).toEqual([])
  })
})

describe('the path of a model', () => {
  it.each([
    ['gemini-2.5-flash', '/models/gemini-2.5-flash'],
    ['models/gemini-2.5-flash', '/models/gemini-2.5-flash'],
    ['tunedModels/mine', '/tunedModels/mine'],
    ['a/b', '/models/a%2Fb'],
    ['a?key=1#x:y%2e', '/models/a%3Fkey%3D1%23x%3Ay%252e'],
    ['x..y', '/models/x..y'],
  ])('%s', (name, path) => {
    expect(modelPath(name, geminiDialect)).toBe(path)
  })

  it('of Vertex AI lies with its publisher', () => {
    expect(modelPath('gemini-2.5-flash', vertexDialect)).toBe('/publishers/google/models/gemini-2.5-flash')
    expect(modelPath('publishers/google/models/m', vertexDialect)).toBe('/publishers/google/models/m')
  })

  it.each(['..', '.', '../files', 'models/..', 'a/../../b', 'a\\..\\b', 'a//b', 'models/', 'tunedModels/../x'])(
    '%s does not climb',
    (name) => {
      expect(() => modelPath(name, geminiDialect)).toThrow(expect.objectContaining({ code: 'invalid_model', status: 400 }))
    },
  )
})
