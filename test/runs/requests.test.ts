import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../gateway.ts'
import { refusalIn } from '../refusal.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { openAiKey, startOpenAiChat } from '../upstreams/openai-chat.ts'
import type { Upstream } from '../upstreams/upstream.ts'
import { resultIn } from './run.ts'
import { time, weather } from './tools.ts'

/** What a run refuses before anything is sent: each problem where it stands, all of them at once. */

let gateway: Gateway
let anthropic: Upstream
let openai: Upstream

beforeAll(async () => {
  anthropic = await startAnthropic()
  openai = await startOpenAiChat()
  gateway = await startGateway({
    env: {
      VAI_ANTHROPIC_BASE_URL: anthropic.url,
      VAI_OPENAI_BASE_URL: `${openai.url}/v1`,
      VAI_PROVIDERS: 'perplexity',
      VAI_LIMIT_RUN_TURNS: '10',
      VAI_LIMIT_RUN_TOOL_CALLS: '20',
      VAI_LIMIT_TOOL_MS: '40000',
      VAI_LIMIT_STREAM_MS: '70000',
      VAI_LIMIT_BODY_BYTES: '200000',
    },
    keys: { anthropic: anthropicKey, openai: openAiKey },
    parts: { tools: [weather, time] },
  })
})

afterAll(async () => {
  const sent = [...anthropic.requests, ...openai.requests].map(({ body }) => body)
  expect(sent.filter((body) => body.includes(never))).toEqual([])
  await gateway.close()
  await anthropic.close()
  await openai.close()
})

/** Stands in every request that is refused, so that one that was sent on is known. */
const never = 'not to be sent'
const hello = { model: 'anthropic/claude-sonnet-4-5', max_tokens: 100, messages: [{ role: 'user', content: never }] }

type Refusal = ReturnType<typeof refusalIn> & {
  readonly status: number
  readonly found: (readonly [string | undefined, string])[]
}

/** The refusal of a run, the same by both routes. */
async function refused(body: unknown, headers: Record<string, string> = {}): Promise<Refusal> {
  const [whole, stream] = await Promise.all(
    ['/v1/runs', '/v1/runs:stream'].map(async (path): Promise<Refusal> => {
      const response = await gateway.post(body, headers, path)
      const text = await response.text()
      expect(response.status, text).toBeGreaterThanOrEqual(400)
      const error = refusalIn(text, response.headers.get('x-request-id'))
      const found = (error.issues ?? []).map(({ param, code }) => [param, code] as const)
      return { ...error, status: response.status, found }
    }),
  )
  if (!whole || !stream) throw new Error('two answers')
  const { request_id: _, ...same } = stream
  expect(whole).toMatchObject(same)
  return whole
}

describe('a body', () => {
  it.each([
    ['', 'empty_body'],
    ['{"request":', 'invalid_json'],
    ['[]', 'invalid_type'],
    ['null', 'empty_body'],
    ['"run"', 'invalid_type'],
    ['1', 'invalid_type'],
  ])('of %j is refused', async (body, code) => {
    expect(await refused(body)).toMatchObject({ status: 400, type: 'invalid_request_error', code })
  })

  it.each([
    ['nothing', {}, [['request', 'required']]],
    ['a request that is null', { request: null }, [['request', 'invalid_type']]],
    ['a request that is a list', { request: [hello] }, [['request', 'invalid_type']]],
    ['a request that is a text', { request: 'Hello' }, [['request', 'invalid_type']]],
    ['a message request itself', hello, [['request', 'required']]],
  ])('with %s is refused', async (_, body, found) => {
    const error = await refused(body)
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error' })
    expect(error.found).toEqual(expect.arrayContaining(found))
  })

  it('that is too large is refused', async () => {
    expect(await refused({ request: { ...hello, system: 'x'.repeat(300_000) } })).toMatchObject({
      status: 413,
      code: 'request_too_large',
    })
  })

  it.each([
    ['at the top', '{"request":{"model":"a/b","messages":[]},"run":{},"run":{}}', 'run'],
    ['in the request', '{"request":{"model":"a/b","model":"c/d","messages":[]}}', 'request.model'],
    ['in the options', '{"request":{"model":"a/b","messages":[]},"run":{"max_turns":1,"max_turns":2}}', 'run.max_turns'],
  ])('with a key that stands twice %s is refused', async (_, body, param) => {
    expect(await refused(body)).toMatchObject({ status: 400, code: 'duplicate_key', param })
  })

  it('of another content type is refused', async () => {
    expect(await refused(JSON.stringify({ request: hello }), { 'content-type': 'text/plain' })).toMatchObject({
      status: 400,
      code: 'unsupported_content_type',
    })
  })
})

describe('the options of a run', () => {
  const integers = ['max_turns', 'max_tool_calls', 'max_tokens', 'timeout_ms', 'tool_timeout_ms']

  it.each(integers.flatMap((name) => ['5', 1.5, true, null, [], {}, -1].map((value) => [name, value] as const)))(
    '%s may not be %j',
    async (name, value) => {
      const error = await refused({ request: hello, run: { [name]: value } })
      expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param: `run.${name}` })
      expect(error.found.map(([param]) => param)).toEqual([`run.${name}`])
    },
  )

  it.each([
    ['max_turns', 0],
    ['timeout_ms', 0],
    ['tool_timeout_ms', 0],
    ['max_turns', 11],
    ['max_tool_calls', 21],
    ['tool_timeout_ms', 40_001],
    ['timeout_ms', 70_001],
    ['max_turns', 1e300],
  ])('%s may not be %d, which is out of range', async (name, value) => {
    const error = await refused({ request: hello, run: { [name]: value } })
    expect(error.found).toEqual([[`run.${name}`, 'out_of_range']])
  })

  it.each([
    ['run', 5],
    ['run', []],
    ['run', null],
    ['run.parallel_tools', 'yes'],
    ['run.parallel_tools', 1],
    ['run.parallel_tools', null],
    ['run.tool_config', []],
    ['run.tool_config', 'all'],
    ['run.tool_config', null],
    ['run.tool_config.get_weather', 'F'],
    ['run.tool_config.get_weather', null],
    ['run.tool_config.get_weather.unit', 5],
    ['builtins', 'get_weather'],
    ['builtins', {}],
    ['builtins', null],
    ['builtins[1]', 5],
    ['builtins[1]', null],
    ['builtins[1]', ''],
    ['builtins[1]', {}],
    ['builtins[1]', 'x'.repeat(65)],
  ])('%s may not be %j', async (path, value) => {
    const error = await refused(withValue(path, value))
    const others = path === 'builtins' ? ['run.tool_config.get_weather'] : []
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param: path })
    expect(new Set(error.found.map(([param]) => param))).toEqual(new Set([path, ...others]))
  })

  it.each(['max_turn', 'stream', 'tools', '__proto__', 'constructor'])('there is none called %s', async (name) => {
    const error = await refused(`{"request":${JSON.stringify(hello)},"run":{${JSON.stringify(name)}:1}}`)
    expect(error.found).toEqual([[`run.${name}`, 'unknown_field']])
  })

  it.each(['stream', 'model', 'messages', 'tools', '__proto__'])('nothing beside them is called %s', async (name) => {
    const error = await refused(`{"request":${JSON.stringify(hello)},${JSON.stringify(name)}:true}`)
    expect(error.found).toEqual([[name, 'unknown_field']])
  })

  it('hold no number that is not exact', async () => {
    const big = '9007199254740993'
    expect((await refused(`{"request":${JSON.stringify(hello)},"run":{"max_tokens":1e999}}`)).param).toBe('run.max_tokens')
    const text = `{"request":{"model":"openai/gpt-4.1","messages":[{"role":"user","content":"${never}"}],"metadata":{"x":${big}}}}`
    expect((await refused(text)).param).toMatch(/^request\.metadata/)
    const tools = `"builtins":["get_weather"],"run":{"tool_config":{"get_weather":{"unit":${big}}}}`
    expect((await refused(`{"request":${JSON.stringify(hello)},${tools}}`)).param).toBe('run.tool_config.get_weather.unit')
  })
})

describe('builtins', () => {
  it.each([
    ['get_wether', 'did you mean "get_weather"?'],
    ['web_search', 'There are: get_weather, get_time'],
    ['constructor', 'There are: get_weather, get_time'],
    ['GET_TIME', 'get_time'],
  ])('there is none called %s, and what there is is said', async (name, words) => {
    const error = await refused({ request: hello, builtins: ['get_time', name] })
    expect(error.found).toEqual([['builtins[1]', 'unknown_builtin']])
    expect(error.message).toContain(words)
  })

  it('stand there once each', async () => {
    const error = await refused({ request: hello, builtins: ['get_time', 'get_weather', 'get_time'] })
    expect(error.found).toEqual([['builtins[2]', 'duplicate']])
  })

  it('are told of where they stand, whatever stands before them', async () => {
    const error = await refused({ request: hello, builtins: [5, 'get_time', null, 'nobody', 'get_time'] })
    expect(error.found).toEqual(
      expect.arrayContaining([
        ['builtins[0]', 'invalid_type'],
        ['builtins[2]', 'invalid_type'],
        ['builtins[3]', 'unknown_builtin'],
        ['builtins[4]', 'duplicate'],
      ]),
    )
    expect(error.found).toHaveLength(4)
  })

  it('may not be too many', async () => {
    const error = await refused({ request: hello, builtins: Array.from({ length: 65 }, (_, n) => `tool_${n}`) })
    expect(error).toMatchObject({ status: 400 })
    expect(error.found).toContainEqual(['builtins', expect.any(String)])
  })

  it('are set only where they are named', async () => {
    const run = { tool_config: { get_weather: { unit: 'F' }, nobody: {} } }
    const error = await refused({ request: hello, run, builtins: ['get_time'] })
    expect(error.found).toEqual([
      ['run.tool_config.get_weather', 'tool_not_found'],
      ['run.tool_config.nobody', 'tool_not_found'],
    ])
  })

  it('are set by what their schemas know', async () => {
    const run = { tool_config: { get_weather: { units: 'F', unit: 5 }, get_time: { zone: 'UTC' } } }
    const error = await refused({ request: hello, run, builtins: ['get_time', 'get_weather'] })
    expect(new Set(error.found.map(([param]) => param))).toEqual(
      new Set(['run.tool_config.get_weather.units', 'run.tool_config.get_weather.unit', 'run.tool_config.get_time.zone']),
    )
  })

  it("may not have the name of one of the caller's", async () => {
    const tools = [{ type: 'web_search_20250305', name: 'get_time' }]
    const error = await refused({ request: { ...hello, tools }, builtins: ['get_weather', 'get_time'] })
    expect(error.found).toContainEqual(['builtins[1]', 'duplicate'])
  })

  it('are refused for a model that has no use for tools', async () => {
    const error = await refused({ request: { ...hello, model: 'perplexity/sonar' }, builtins: ['get_time'] })
    expect(error).toMatchObject({ status: 400, param: 'builtins[0]' })
    expect(error.message).not.toContain('tools[0]')
  })
})

describe('the request within', () => {
  const schema = { type: 'object' }

  it('may not stream, which is what a route is for', async () => {
    const error = await refused({ request: { ...hello, stream: true } })
    expect(error.found).toEqual([['request.stream', 'stream_has_route']])
    expect(error.message).toContain('/v1/runs:stream')
    await resultIn(await gateway.post({ request: { ...hello, model: 'demo/echo', stream: false } }, {}, '/v1/runs'))
  })

  it.each([
    ['a custom tool without a type', { name: 'mine', input_schema: schema }],
    ['a custom tool', { type: 'custom', name: 'mine', input_schema: schema }],
    ['a function', { type: 'function', name: 'mine', parameters: schema }],
    ['a computer', { type: 'computer_use', config: { display_width: 1, display_height: 1 } }],
    ['a text editor', { type: 'text_editor' }],
    ["Anthropic's computer", { type: 'computer_20250124', name: 'computer', display_width_px: 1, display_height_px: 1 }],
    ["Anthropic's shell", { type: 'bash_20250124', name: 'bash' }],
    ["Anthropic's editor", { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' }],
    ["Anthropic's memory", { type: 'memory_20250818', name: 'memory' }],
  ])('may not bring %s, which only its caller could run', async (_, tool) => {
    const tools = [{ type: 'web_search_20250305', name: 'web_search' }, tool]
    const error = await refused({ request: { ...hello, tools }, builtins: ['get_time'] })
    expect(error.found).toContainEqual(['request.tools[1]', 'caller_tool'])
    expect(error.found.filter(([param]) => !param?.startsWith('request.tools[1]'))).toEqual([])
    expect(error.issues?.find(({ code }) => code === 'caller_tool')?.message).toContain('/v1/messages')
  })

  it.each<[string, object]>([
    ['request.messages', { ...hello, messages: 5 }],
    ['request.messages', { ...hello, messages: undefined }],
    ['request.messages[0].role', { ...hello, messages: [{ role: 'robot', content: never }] }],
    ['request.messages[0].content[0].type', { ...hello, messages: [{ role: 'user', content: [{ type: 'smell' }] }] }],
    [
      'request.messages[1].content[0].tool_use_id',
      {
        ...hello,
        messages: [
          { role: 'user', content: never },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'nobody', content: '' }] },
        ],
      },
    ],
    ['request.model', { ...hello, model: undefined }],
    ['request.model', { ...hello, model: 'claude' }],
    ['request.temperature', { ...hello, temperature: 'hot' }],
    ['request.nonsense', { ...hello, nonsense: 1 }],
    ['request.tools', { ...hello, tools: {} }],
    ['request.tools[0].type', { ...hello, tools: [{ type: 'nonsense_20250101', name: 'x' }] }],
    ['request.tools[0].type', { ...hello, model: 'openai/gpt-4.1', tools: [{ type: 'code_execution' }] }],
  ])('%s is told as it stands in the body', async (param, request) => {
    const error = await refused({ request, builtins: ['get_time'] })
    expect(error).toMatchObject({ status: 400, param })
    expect(error.message.startsWith('request')).toBe(true)
    for (const [place] of error.found) expect(place).toMatch(/^request(?:\.|$)/)
  })

  it.each([
    ['request.model', { ...hello, model: 'nobody/nothing' }],
    ['request.fallbacks[0]', { ...hello, fallbacks: ['nobody/nothing'] }],
  ])('%s may be a provider that there is not', async (param, request) => {
    const error = await refused({ request })
    expect(error).toMatchObject({ status: 404, type: 'not_found_error', code: 'unknown_provider', param })
    expect(error.message.startsWith(`${param}: `)).toBe(true)
    const more = await refused({ request, run: { max_turns: 0 } })
    expect(more).toMatchObject({ status: 400, param: 'run.max_turns' })
    expect(more.found).toContainEqual([param, 'unknown_provider'])
  })
})

describe('many problems', () => {
  it('are told at once', async () => {
    const error = await refused({
      request: { ...hello, stream: true, nonsense: 1, tools: [{ name: 'mine', input_schema: { type: 'object' } }] },
      run: { max_turns: 100, timeout_ms: 'long', tool_config: { get_time: { zone: 'UTC' }, nobody: {} } },
      builtins: ['get_wether', 'get_time', 'get_time'],
      more: true,
    })
    const params = error.found.map(([param]) => param)
    expect(params).toEqual(
      expect.arrayContaining([
        ...['request.stream', 'request.nonsense', 'request.tools[0]', 'run.max_turns', 'run.timeout_ms'],
        ...['run.tool_config.get_time.zone', 'run.tool_config.nobody', 'builtins[0]', 'builtins[2]', 'more'],
      ]),
    )
    expect(error.param).toBe(params[0])
  })
})

/** A run that is right but for one value. */
function withValue(path: string, value: unknown): object {
  const body = { request: hello, run: { tool_config: { get_weather: {} } }, builtins: ['get_weather', 'get_time'] }
  const text = JSON.stringify(body)
  const copy: unknown = JSON.parse(text)
  const keys = path.split(/\.|\[|\]/).filter((key) => key !== '')
  const last = keys.pop() ?? ''
  const parent = keys.reduce((at: unknown, key) => Object(at)[key], copy)
  Object(parent)[last] = value
  return Object(copy)
}
