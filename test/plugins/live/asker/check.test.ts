import { afterEach, describe, expect, it } from 'vitest'
import { GatewayError } from '../../../../api/error.ts'
import type { MessageParam } from '../../../../api/schemas.gen.ts'
import { checkAsking } from '../../../../plugins/live/asker/check.ts'
import type { LiveAsking } from '../../../../plugins/live/plan.ts'
import { matrixOf } from '../../../../providers/capabilities.ts'
import type { LlmProvider } from '../../../../providers/provider.ts'
import { tool as search } from '../../../../tools/builtins/vai-web-search.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../../../gateway.ts'
import { time } from '../../../runs/tools.ts'
import { anybody } from '../anybody.ts'
import { callerOf, clientTool, question, usualAsking } from './stage.ts'

const running: Gateway[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.close()
})

/** What is wrong, by the fields of `hello`; nothing where nothing is. */
async function problemsWith(
  asking: Partial<LiveAsking>,
  messages: readonly MessageParam[] = [],
  options: GatewayOptions & { readonly who?: typeof anybody } = {},
): Promise<{ readonly status: number; readonly code: string; readonly issues: (string | undefined)[][] } | undefined> {
  const { who = anybody, ...rest } = options
  const gateway = await startGateway({ parts: { tools: [time, search] }, ...rest })
  running.push(gateway)
  try {
    await checkAsking(gateway.app, { ...usualAsking, model: 'demo/echo', ...asking }, messages, {
      ...callerOf(gateway),
      principal: who,
    })
    return undefined
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const { status, code, issues = [] } = error
    return { status, code, issues: issues.map((issue) => [issue.param, issue.code]) }
  }
}

describe('what a session asks of the model', () => {
  it('may be asked where nothing is wrong with it', async () => {
    expect(await problemsWith({})).toBeUndefined()
    expect(await problemsWith({}, question)).toBeUndefined()
    expect(await problemsWith({}, [...question, { role: 'assistant', content: 'Nice.' }])).toBeUndefined()
    expect(await problemsWith({ serverTools: ['get_time'], clientTools: [clientTool] })).toBeUndefined()
  })

  it.each<[string, Partial<LiveAsking>, MessageParam[], (string | undefined)[][]]>([
    ['a model without a provider', { model: 'echo' }, [], [['model', 'invalid_model']]],
    ['a tool that there is not', { serverTools: ['get_time', 'get_tme'] }, [], [['tools.server_tools[1]', 'unknown_builtin']]],
    ['a tool twice', { serverTools: ['get_time', 'get_time'] }, [], [['tools.server_tools[1]', 'duplicate']]],
    [
      'settings of a tool',
      { serverTools: ['get_time'], serverToolConfig: { get_time: { zone: 'UTC' } } },
      [],
      [['tools.server_tool_config.get_time.zone', 'unknown_field']],
    ],
    [
      'settings of no tool',
      { serverToolConfig: { get_time: {} } },
      [],
      [['tools.server_tool_config.get_time', 'tool_not_found']],
    ],
    [
      "two of the client's tools with one name",
      { clientTools: [clientTool, clientTool] },
      [],
      [['tools.client_tools[1].name', 'duplicate']],
    ],
    [
      'more tools than are allowed',
      { maxToolCalls: 1000, toolTimeoutMs: 3_600_000 },
      [],
      [
        ['tools.max_tool_calls', 'out_of_range'],
        ['tools.timeout_ms', 'out_of_range'],
      ],
    ],
    ['messages that begin otherwise', {}, [{ role: 'assistant', content: 'Hi.' }], [['messages[0].role', 'first_message_role']]],
    [
      'results of no call',
      {},
      [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'x' }] }],
      [['messages[0].content[0].tool_use_id', 'tool_use_not_found']],
    ],
  ])('is refused for %s', async (_, asking, messages, issues) => {
    const problems = await problemsWith(asking, messages)
    expect(problems).toMatchObject({ status: 400 })
    expect(problems?.issues.sort()).toEqual(issues.sort())
  })

  it('is refused with everything that is wrong at once', async () => {
    const problems = await problemsWith({ model: 'echo', serverTools: ['none_such'] }, [{ role: 'assistant', content: 'Hi.' }])
    expect(problems?.issues.map(([param]) => param).sort()).toEqual(['messages[0].role', 'model', 'tools.server_tools[0]'])
  })

  it('is refused where the model is not there, or may not be asked', async () => {
    expect(await problemsWith({ model: 'nobody/x' })).toMatchObject({ status: 404, issues: [['model', 'unknown_provider']] })
    const who = { ...anybody, mayUse: () => false }
    expect(await problemsWith({}, [], { who })).toMatchObject({ status: 403, issues: [['model', 'model_not_allowed']] })
  })

  it('is refused where there is no key for the model', async () => {
    expect(await problemsWith({ model: 'anthropic/claude-sonnet-4-5' })).toMatchObject({
      status: 401,
      issues: [['model', 'missing_provider_key']],
    })
  })

  it('is refused where a tool may not be used, or has no key', async () => {
    const who = { ...anybody, mayUseTool: () => false }
    expect(await problemsWith({ serverTools: ['get_time'] }, [], { who })).toMatchObject({
      status: 403,
      issues: [['tools.server_tools[0]', 'tool_not_allowed']],
    })
    expect(await problemsWith({ serverTools: ['get_time', 'vai_web_search'] })).toMatchObject({
      status: 401,
      issues: [['tools.server_tools[1]', 'missing_provider_key']],
    })
  })
})

describe('a model that can call no tools', () => {
  const mute: LlmProvider = {
    id: 'mute',
    name: 'Mute',
    upstream: undefined,
    matrix: matrixOf((feature) => ({ treatment: feature === 'tool.custom' ? 'reject' : 'drop', note: '' })),
    stopReasons: {},
    models: [{ name: 'one', displayName: 'One', released: '2026-01-01' }],
    capabilities: () => ({ features: {}, defaultMaxTokens: 100 }),
    stream: () => {
      throw new Error('nobody is asked')
    },
  }
  const parts = { providers: [mute], tools: [time] }

  it('is spoken as it writes', async () => {
    expect(await problemsWith({ model: 'mute/one' }, [], { parts })).toBeUndefined()
  })

  it('cannot speak where plain text is not spoken, and has no tools', async () => {
    const problems = await problemsWith({ model: 'mute/one', speechGate: 'strict' }, [], { parts })
    expect(problems?.issues).toEqual([['model', 'unsupported_tool']])
    const asking = { model: 'mute/one', clientTools: [clientTool] }
    expect((await problemsWith(asking, [], { parts }))?.issues).toContainEqual(['tools.client_tools[0]', 'unsupported_tool'])
  })
})
