import { describe, expect, it } from 'vitest'
import type { RunToolResult } from '../../../api/schemas.gen.ts'
import type { PlannedCall } from '../../../plugins/runs/loop.ts'
import { type CallSettings, type CallWatcher, callTools, type RunnableTool } from '../../../plugins/runs/tool-calls.ts'
import { ManualClock } from '../../manual-clock.ts'

const call: PlannedCall = {
  use: { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} },
  refusal: undefined,
  misread: undefined,
}
const silent: CallWatcher = { tool: () => ({ trace: undefined, end: () => undefined }) }

function tool(run: RunnableTool['run']): RunnableTool {
  return { check: async () => [], run }
}

async function resultOf(run: RunnableTool['run'], { watcher = silent, planned = call, maxResultBytes = 1000 } = {}) {
  const errors: unknown[] = []
  const settings: CallSettings = {
    tools: new Map([['look', tool(run)]]),
    parallel: 2,
    timeoutMs: 1000,
    maxResultBytes,
    clock: new ManualClock(),
    onError: (error) => errors.push(error),
  }
  const calls = callTools([planned], 0, settings, watcher, new AbortController().signal)
  let next = await calls.next()
  while (!next.done) next = await calls.next()
  const [result]: readonly RunToolResult[] = next.value
  return { result, errors }
}

describe('a call has a result', () => {
  it('where whoever watches it fails at once', async () => {
    const watcher: CallWatcher = {
      tool: () => {
        throw new Error('no trace')
      },
    }
    const { result, errors } = await resultOf(async () => ({ content: 'fine' }), { watcher })
    expect(result).toMatchObject({ is_error: true, content: 'The tool failed.' })
    expect(errors).toHaveLength(1)
  })

  it('where whoever watches it fails at its end', async () => {
    const end = (): void => {
      throw new Error('no measurement')
    }
    const { result, errors } = await resultOf(async () => ({ content: 'fine' }), {
      watcher: { tool: () => ({ trace: undefined, end }) },
    })
    expect(result).toMatchObject({ is_error: true })
    expect(errors).toHaveLength(1)
  })

  it('where the tool is no TypeScript and returns something else than text', async () => {
    const output: { content: string } = JSON.parse('{"content":[1,2]}')
    const { result, errors } = await resultOf(async () => output)
    expect(result).toMatchObject({ is_error: true, content: 'The tool failed.' })
    expect(errors).toHaveLength(1)
  })

  it.each([
    ['invalid_tool_input' as const, /JSON object/],
    ['inexact_tool_input' as const, /digits/],
  ])('where the arguments are %s, and the tool is not run', async (misread, words) => {
    let ran = false
    const run = async () => {
      ran = true
      return { content: 'fine' }
    }
    const { result } = await resultOf(run, { planned: { ...call, misread } })
    expect(result).toMatchObject({ is_error: true, content: expect.stringMatching(words) })
    expect(ran).toBe(false)
  })
})

describe('a result', () => {
  it('is measured as the model is given it', async () => {
    let measured = 0
    const end = (_: string, bytes: number): void => {
      measured = bytes
    }
    const { result } = await resultOf(async () => ({ content: '狐'.repeat(1000) }), {
      watcher: { tool: () => ({ trace: undefined, end }) },
    })
    expect(measured).toBe(Buffer.byteLength(result?.content ?? ''))
    expect(result?.content).toMatch(/^狐{333}\n\[Cut off after 1000 of 3000 bytes\.\]$/)
  })

  it('has no halves of characters', async () => {
    const { result } = await resultOf(async () => ({ content: `a${'\ud83e'}b` }))
    expect(result?.content).toBe('a\ufffdb')
  })
})
