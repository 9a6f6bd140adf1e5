import { describe, expect, it } from 'vitest'
import { silence } from '../upstreams/behaviour.ts'
import { calls, claude, messages, says, setUpStages, use, withClaude } from './stage.ts'
import { toolThat } from './tools.ts'

/** A conversation that becomes too long, and what an answer costs that broke off. */

setUpStages()

const long = toolThat('long', async () => ({ content: 'so much '.repeat(2000) }))

describe('a conversation that grows', () => {
  it('ends before it is too long to be sent again, its last results cut to what fits', async () => {
    const script = Array.from({ length: 12 }, () => calls(use('long'), use('long')))
    const { run, post, upstream } = await withClaude(script, {
      tools: [long],
      env: { VAI_LIMIT_TEXT_BYTES: '50000', VAI_LIMIT_RUN_TURNS: '20' },
    })
    const result = await run({ builtins: ['long'], run: { max_turns: 12 } })
    expect(result).toMatchObject({ stop_reason: 'error', turn_count: 2, error: { code: 'request_too_large' } })
    expect(result.steps.at(-1)?.tool_results[1]?.content).toMatch(/\[Cut off after \d+ of 16000 bytes\.\]$/)
    expect(upstream.requests).toHaveLength(2)
    const again = await post({
      model: claude,
      max_tokens: 10,
      messages: [...result.messages, { role: 'user', content: 'And now?' }],
    })
    expect(again.status, await again.text()).toBe(200)
  })
})

describe('an answer that broke off', () => {
  it('has no cost and no total, and neither has its run', async () => {
    const { watch } = await withClaude([calls(use('get_time')), { ...says('A long story.'), stallAt: { event: 4 } }, silence])
    const { result } = await watch({ run: { timeout_ms: 1500 } })
    expect(result.stop_reason).toBe('timeout')
    const [first, second] = result.steps
    expect(first?.response.usage).toHaveProperty('cost_usd')
    expect(second?.response.usage).not.toHaveProperty('cost_usd')
    expect(second?.response.usage).toHaveProperty('input_tokens')
    expect(result.usage).not.toHaveProperty('cost_usd')
    expect(result.usage).not.toHaveProperty('total_tokens')
  })
})

describe('extensions of a run', () => {
  it.each([
    ['anthropic', 'tools', [{ name: 'evil', input_schema: { type: 'object' } }]],
    ['openai', 'tools', []],
    ['openai', 'functions', []],
    ['anthropic', 'tool_choice', { type: 'any' }],
    ['openai', 'function_call', 'auto'],
    ['gem-dev', 'toolConfig', {}],
  ])('of %s may not set %s', async (provider, field, value) => {
    const { post, upstream } = await withClaude(says('Hi.'))
    const request = { model: claude, max_tokens: 10, messages, extensions: { [provider]: { [field]: value } } }
    const response = await post({ request }, {}, '/v1/runs')
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: { code: 'unsupported_parameter', param: expect.stringMatching(new RegExp(`^request\\.extensions.*${field}`)) },
    })
    expect(upstream.requests).toHaveLength(0)
    expect((await post({ ...request, extensions: { openai: { tools: [] } } })).status).toBe(200)
  })
})
