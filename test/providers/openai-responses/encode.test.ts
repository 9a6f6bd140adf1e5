import { describe, expect, it } from 'vitest'
import type { ContentBlockParam, MessageRequest } from '../../../api/schemas.gen.ts'
import { check, warnings } from '../../../providers/openai-responses/check.ts'
import { encode, encodeCount } from '../../../providers/openai-responses/encode.ts'
import { openaiResponsesDialect as dialect, openaiResponses } from '../../../providers/openai-responses/index.ts'
import { type Kept, sealKept } from '../../../providers/openai-responses/kept.ts'
import { seal } from '../../../providers/sealed.ts'

const base: MessageRequest = { model: 'oai-resp/gpt-5', messages: [{ role: 'user', content: 'Hi.' }] }
const schema = { type: 'object' as const, properties: { a: { type: 'string' } } }
const tool = { name: 'f', input_schema: schema }

function body(changes: Partial<MessageRequest>, model = 'gpt-5'): Record<string, unknown> {
  return encode({ ...base, ...changes }, model, false, dialect)
}

function thinking(kept: Partial<Kept>, text = ''): ContentBlockParam {
  const signature = sealKept('oai-resp', { items: [], next: undefined, ...kept })
  return { type: 'thinking', thinking: text, signature }
}

describe('a request', () => {
  it('asks that nothing be stored, and for the reasoning instead', () => {
    expect(body({})).toEqual({
      model: 'gpt-5',
      input: [{ role: 'user', content: 'Hi.' }],
      store: false,
      include: ['reasoning.encrypted_content'],
    })
    expect(encode(base, 'gpt-5', true, dialect)).toMatchObject({ stream: true })
  })

  it.each(['gpt-4.1', 'gpt-4o-mini', 'ft:gpt-4.1-2025-04-14:acme::1', 'gpt-5-chat-latest'])(
    'asks %s, which does not reason, for no reasoning',
    (model) => {
      const sent = body({ thinking: { type: 'adaptive' } }, model)
      expect(sent).not.toHaveProperty('include')
      expect(sent).not.toHaveProperty('reasoning')
    },
  )

  it('switches adaptive thinking on for models that have it off by themselves', () => {
    const thinking = { type: 'adaptive' } as const
    expect(body({ thinking }, 'gpt-5.1').reasoning).toEqual({ effort: 'medium', summary: 'auto' })
    expect(body({ thinking }, 'gpt-6-astra').reasoning).toEqual({ summary: 'auto' })
  })

  it.each<[string, Partial<MessageRequest>, Record<string, unknown>]>([
    ['system', { system: 'Be brief.' }, { instructions: 'Be brief.' }],
    [
      'system blocks',
      {
        system: [
          { type: 'text', text: 'A' },
          { type: 'text', text: 'B' },
        ],
      },
      { instructions: 'A\n\nB' },
    ],
    ['max_tokens', { max_tokens: 100 }, { max_output_tokens: 100 }],
    ['max_tokens below the least', { max_tokens: 1 }, { max_output_tokens: 16 }],
    ['user', { metadata: { user_id: 'u' } }, { safety_identifier: 'u' }],
    ['service tier', { service_tier: 'standard_only' }, { service_tier: 'default' }],
    [
      'little thinking',
      { thinking: { type: 'enabled', budget_tokens: 2048 } },
      { reasoning: { effort: 'low', summary: 'auto' } },
    ],
    [
      'some thinking',
      { thinking: { type: 'enabled', budget_tokens: 8192 } },
      { reasoning: { effort: 'medium', summary: 'auto' } },
    ],
    ['much thinking', { thinking: { type: 'enabled', budget_tokens: 9000 } }, { reasoning: { effort: 'high', summary: 'auto' } }],
    ['adaptive thinking', { thinking: { type: 'adaptive' } }, { reasoning: { summary: 'auto' } }],
    ['no thinking', { thinking: { type: 'disabled' } }, { reasoning: { effort: 'minimal' } }],
    [
      'thinking not shown',
      { thinking: { type: 'enabled', budget_tokens: 1024, display: 'omitted' } },
      { reasoning: { effort: 'low' } },
    ],
    ['effort', { output_config: { effort: 'low' } }, { reasoning: { effort: 'low' } }],
    [
      'effort and thinking',
      { output_config: { effort: 'max' }, thinking: { type: 'adaptive' } },
      { reasoning: { effort: 'high', summary: 'auto' } },
    ],
    [
      'format',
      { output_format: { type: 'json_schema', json_schema: schema, name: 'n', strict: true } },
      { text: { format: { type: 'json_schema', name: 'n', schema, strict: true } } },
    ],
    [
      "Anthropic's format",
      { output_config: { format: { type: 'json_schema', schema } } },
      { text: { format: { type: 'json_schema', name: 'response', schema } } },
    ],
  ])('%s', (_, changes, expected) => {
    expect(body(changes)).toMatchObject(expected)
  })

  it('merges the extensions over all of it', () => {
    const extensions = { 'oai-resp': { store: true, prompt_cache_key: 'k' }, openai: { seed: 1 } }
    const sent = body({ extensions })
    expect(sent).toMatchObject({ store: true, prompt_cache_key: 'k' })
    expect(sent).not.toHaveProperty('seed')
  })

  it('to count tokens holds what makes up the input', () => {
    const request: MessageRequest = {
      ...base,
      system: 'S',
      max_tokens: 9,
      temperature: 1,
      tools: [{ type: 'web_search', config: { max_uses: 2 } }],
      thinking: { type: 'adaptive' },
    }
    expect(encodeCount(request, 'gpt-5', dialect)).toEqual({
      model: 'gpt-5',
      instructions: 'S',
      input: [{ role: 'user', content: 'Hi.' }],
      tools: [{ type: 'web_search' }],
      reasoning: { summary: 'auto' },
    })
  })
})

describe('tools', () => {
  const parameters = { type: 'object', properties: { a: { type: 'string' } } }
  const location = { type: 'approximate' as const, city: 'Paris' }

  it.each<[string, Partial<MessageRequest>, Record<string, unknown>]>([
    ['a tool', { tools: [tool] }, { tools: [{ type: 'function', name: 'f', parameters, strict: false }] }],
    [
      'a strict function',
      { tools: [{ ...tool, type: 'function', description: 'd', strict: true }] },
      { tools: [{ type: 'function', name: 'f', description: 'd', parameters, strict: true }] },
    ],
    [
      'search',
      { tools: [{ type: 'web_search', config: { allowed_domains: ['a.test'], user_location: location, max_uses: 3 } }] },
      {
        tools: [{ type: 'web_search', filters: { allowed_domains: ['a.test'] }, user_location: location }],
        max_tool_calls: 3,
        include: ['reasoning.encrypted_content', 'web_search_call.action.sources'],
      },
    ],
    [
      'code',
      { tools: [{ type: 'code_execution' }] },
      {
        tools: [{ type: 'code_interpreter', container: { type: 'auto' } }],
        include: ['reasoning.encrypted_content', 'code_interpreter_call.outputs'],
      },
    ],
    [
      'files',
      { tools: [{ type: 'file_search', config: { vector_store_ids: ['vs_1'], max_num_results: 4 } }] },
      {
        tools: [{ type: 'file_search', vector_store_ids: ['vs_1'], max_num_results: 4 }],
        include: ['reasoning.encrypted_content', 'file_search_call.results'],
      },
    ],
    [
      'MCP servers',
      {
        mcp_servers: [
          {
            type: 'url',
            name: 's',
            url: 'https://mcp.test',
            authorization_token: 't',
            tool_configuration: { allowed_tools: ['look'] },
          },
          { type: 'url', name: 'off', url: 'https://off.test', tool_configuration: { enabled: false } },
        ],
      },
      {
        tools: [
          {
            type: 'mcp',
            server_label: 's',
            server_url: 'https://mcp.test',
            authorization: 't',
            allowed_tools: ['look'],
            require_approval: 'never',
          },
        ],
      },
    ],
    [
      'pictures',
      { output: { modalities: ['text', 'image'], image: { size: '1024x1024', quality: 'low', format: 'webp' } } },
      { tools: [{ type: 'image_generation', size: '1024x1024', quality: 'low', output_format: 'webp' }] },
    ],
    [
      'a picture alone',
      { output: { modalities: ['image'] } },
      { tools: [{ type: 'image_generation' }], tool_choice: { type: 'image_generation' } },
    ],
    ['any', { tools: [tool], tool_choice: { type: 'any' } }, { tool_choice: 'required' }],
    ['none', { tools: [tool], tool_choice: { type: 'none' } }, { tool_choice: 'none' }],
    [
      'a tool by name',
      { tools: [tool], tool_choice: { type: 'tool', name: 'f' } },
      { tool_choice: { type: 'function', name: 'f' } },
    ],
    [
      "the API's own by name",
      { tools: [{ type: 'code_execution' }], tool_choice: { type: 'tool', name: 'code_execution' } },
      { tool_choice: { type: 'code_interpreter' } },
    ],
    [
      'one at a time',
      { tools: [tool], tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
      { tool_choice: 'auto', parallel_tool_calls: false },
    ],
  ])('%s', (_, changes, expected) => {
    expect(body(changes)).toMatchObject(expected)
  })

  it('says nothing of choice where there are none', () => {
    expect(body({ tool_choice: { type: 'auto' } })).not.toHaveProperty('tool_choice')
  })
})

describe('the check', () => {
  const image: ContentBlockParam = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } }
  const picture = thinking({ next: { type: 'image_generation_call', id: 'ig_1' } })

  it.each<[string, Partial<MessageRequest>, string | undefined]>([
    ['nothing wrong', {}, undefined],
    ['sound', { output: { modalities: ['text', 'audio'] } }, 'output.modalities[1]'],
    [
      'domains that are blocked',
      { tools: [tool, { type: 'web_search', config: { blocked_domains: ['a.test'] } }] },
      'tools[1].config.blocked_domains',
    ],
    ['searches that are limited', { tools: [{ type: 'web_search', config: { max_uses: 1 } }, tool] }, undefined],
    [
      'searches that are limited beside other tools of the API',
      { tools: [{ type: 'web_search', config: { max_uses: 1 } }, { type: 'code_execution' }] },
      'tools[0].config.max_uses',
    ],
  ])('%s', (_, changes, param) => {
    const issues = check({ ...base, ...changes }, dialect)
    expect(issues.map((issue) => issue.param)).toEqual(param === undefined ? [] : [param])
  })

  it("tells of the API's own calls that cannot go back without their thinking", () => {
    const search: ContentBlockParam = { type: 'server_tool_use', id: seal('oai-resp', 'ws_1'), name: 'web_search', input: {} }
    const foreign: ContentBlockParam = { ...search, id: seal('gem-dev', 'ws_1') }
    const kept = thinking({ items: [{ type: 'web_search_call', id: 'ws_1' }] })
    const told = (...content: ContentBlockParam[]) =>
      warnings({ ...base, messages: [{ role: 'assistant', content }] }, 'gpt-5', dialect)
    expect(told(foreign, search)).toMatchObject([{ param: 'messages[0].content[1].id', code: 'dropped' }])
    expect(told(foreign, search, kept)).toEqual([])
  })

  it('tells of a picture of another that no turn of the user follows', () => {
    const told = (...messages: MessageRequest['messages']) => warnings({ ...base, messages }, 'gpt-5', dialect)
    const turn = (...content: ContentBlockParam[]) => ({ role: 'assistant', content }) as const
    const param = 'messages[1].content[0].type'
    const user = { role: 'user', content: 'Hi.' } as const
    expect(told(user, turn(image))).toMatchObject([{ param, code: 'dropped' }])
    expect(told(user, turn(picture, image))).toEqual([])
    expect(told(user, turn(image), user)).toEqual([])
  })

  it('tells of a limit that is raised', () => {
    expect(warnings({ ...base, max_tokens: 15 }, 'gpt-5', dialect)).toMatchObject([{ param: 'max_tokens', code: 'raised' }])
    expect(openaiResponses.warnings?.({ ...base, max_tokens: 16 }, 'gpt-5')).toEqual([])
  })
})

describe('the effort', () => {
  const effort = (model: string, changes: Partial<MessageRequest>): unknown => body(changes, model).reasoning

  it.each([
    ['gpt-6-astra', 'max', 'max'],
    ['gpt-5.6-sol', 'max', 'max'],
    ['gpt-5.5', 'max', 'xhigh'],
    ['gpt-5.5-pro', 'low', 'medium'],
    ['gpt-5-pro', 'low', 'high'],
    ['gpt-5-codex', 'xhigh', 'high'],
    ['gpt-5.1-codex', 'max', 'high'],
    ['gpt-5.1-codex-max', 'max', 'xhigh'],
    ['gpt-5.1-chat-latest', 'high', 'medium'],
    ['gpt-5.1', 'xhigh', 'high'],
    ['gpt-5-mini', 'xhigh', 'high'],
    ['o4-mini', 'max', 'high'],
    ['a-model-of-tomorrow', 'max', 'max'],
  ] as const)('of %s that is asked for %s is %s', (model, asked, sent) => {
    expect(effort(model, { output_config: { effort: asked } })).toEqual({ effort: sent })
  })

  it.each([
    ['gpt-6-astra', 'low'],
    ['gpt-6.1-sol', 'low'],
    ['gpt-6.1-terra', 'none'],
    ['gpt-5.4-pro', 'medium'],
    ['gpt-5-pro', 'high'],
    ['gpt-5.1', 'none'],
    ['a-model-of-tomorrow', 'none'],
  ])('of %s that is not to think is %s, and a warning tells of another than none', (model, sent) => {
    const changes = { thinking: { type: 'disabled' } } as const
    expect(effort(model, changes)).toEqual({ effort: sent })
    expect(warnings({ ...base, ...changes }, model, dialect)).toMatchObject(sent === 'none' ? [] : [{ param: 'thinking' }])
  })

  it('of thinking that is disabled is none, whatever effort is asked for beside it', () => {
    const changes = { thinking: { type: 'disabled' }, output_config: { effort: 'high' } } as const
    expect(effort('gpt-5.2', changes)).toEqual({ effort: 'none' })
    expect(warnings({ ...base, ...changes }, 'gpt-5.2', dialect)).toMatchObject([{ param: 'output_config.effort' }])
  })
})

describe('sampling', () => {
  it.each<[string, Partial<MessageRequest>, readonly string[]]>([
    ['gpt-6-astra', { temperature: 0 }, ['temperature']],
    ['gpt-5', { temperature: 0.5, top_p: 0.5 }, ['temperature', 'top_p']],
    ['o3', { temperature: 1, top_p: 1 }, []],
    ['gpt-5.6-sol', { temperature: 0, output_config: { effort: 'low' } }, ['temperature']],
    ['gpt-5.6-sol', { temperature: 0, thinking: { type: 'disabled' } }, []],
    ['gpt-5.2', { temperature: 0 }, []],
    ['gpt-4.1', { temperature: 0, top_p: 0.5 }, []],
    ['a-model-of-tomorrow', { temperature: 0 }, []],
  ])('of %s with %o is left out at %s, which is told', (model, changes, left) => {
    expect(warnings({ ...base, ...changes }, model, dialect).map(({ param }) => param)).toEqual(left)
    for (const field of left) expect(body(changes, model)).not.toHaveProperty(field)
  })

  it('is not said to a model that has its own', () => {
    expect(body({ temperature: 1, top_p: 1 }, 'gpt-6-astra')).toEqual(body({}, 'gpt-6-astra'))
    const sampling = { temperature: 0.5, top_p: 0.9 }
    expect(body(sampling, 'gpt-4.1')).toMatchObject(sampling)
  })
})
