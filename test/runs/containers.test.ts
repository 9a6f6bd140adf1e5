import { describe, expect, it } from 'vitest'
import { sseFrame } from '../../api/sse.ts'
import { type Reply, sse } from '../upstreams/behaviour.ts'
import type { Json } from '../upstreams/json.ts'
import { says, setUpStages, withClaude } from './stage.ts'

/** Code that the provider runs, and that calls the gateway's tools: it waits in its container until it is told what they said. */

setUpStages()

const container = { id: 'container_011', expires_at: '2030-01-01T00:00:00Z' }
const code = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'code_execution', input: { code: 'await get_time()' } }
const caller = { type: 'code_execution_20260120', tool_id: code.id }
const call = (id: string): Json => ({ type: 'tool_use', id, name: 'get_time', input: {}, caller })
const ran = { type: 'code_execution_tool_result', tool_use_id: code.id, content: { type: 'code_execution_result', stdout: '12' } }
const tools = [{ type: 'code_execution_20260120', name: 'code_execution' }]

/** An answer of a model that runs code, which names its container at its end, as the API streams it. */
function running(content: readonly Json[], stopReason: string, given: Json | null): Reply {
  const events = [
    {
      type: 'message_start',
      message: {
        ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content: [], stop_reason: null },
        ...{ stop_sequence: null, container: null, usage: { input_tokens: 10, output_tokens: 1 } },
      },
    },
    ...content.flatMap((content_block, index) => [
      { type: 'content_block_start', index, content_block },
      { type: 'content_block_stop', index },
    ]),
    {
      type: 'message_delta',
      delta: { stop_reason: stopReason, stop_sequence: null, container: given },
      usage: { output_tokens: 5 },
    },
    { type: 'message_stop' },
  ]
  return sse(events.map(sseFrame).join(''))
}

describe('code that calls tools of the gateway', () => {
  it('goes on in its container, turn after turn', async () => {
    const { watch, upstream } = await withClaude([
      running([code, call('toolu_a')], 'tool_use', container),
      // The second answer says nothing of it; it is still there.
      running([call('toolu_b')], 'tool_use', null),
      running([ran, { type: 'text', text: 'Twelve.' }], 'end_turn', container),
    ])
    const { result } = await watch({ request: { tools } })
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 3, tool_call_count: 2 })
    expect(upstream.requests.map(({ json }) => Object(json).container)).toEqual([undefined, container.id, container.id])
  })

  it('goes on where it paused', async () => {
    const { watch, upstream } = await withClaude([running([code], 'pause_turn', container), says('Done.')])
    const { result } = await watch({ request: { tools } })
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 2 })
    expect(Object(upstream.requests[1]?.json).container).toBe(container.id)
  })

  it('keeps the skills that the caller asked for', async () => {
    const skills = [{ type: 'anthropic', skill_id: 'xlsx', version: 'latest' }]
    const { watch, upstream } = await withClaude([running([code, call('toolu_a')], 'tool_use', container), says('Done.')])
    await watch({ request: { tools, container: { skills } } })
    expect(upstream.requests.map(({ json }) => Object(json).container)).toEqual([{ skills }, { skills, id: container.id }])
  })
})
