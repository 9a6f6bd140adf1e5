import { describe, expect, it } from 'vitest'
import { Cancelled } from '../../../api/error.ts'
import type { CallResult, PlannedCall } from '../../../plugins/runs/loop.ts'
import { OpenCalls } from '../../../plugins/runs/open-calls.ts'
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

interface ResultOptions extends Partial<CallSettings> {
  readonly watcher?: CallWatcher
  readonly planned?: PlannedCall
}

async function resultOf(
  run: RunnableTool['run'],
  { watcher = silent, planned = call, maxResultBytes = 1000, ...more }: ResultOptions = {},
) {
  const errors: unknown[] = []
  const settings: CallSettings = {
    tools: new Map([['look', tool(run)]]),
    parallel: 2,
    timeoutMs: 1000,
    maxResultBytes,
    clock: new ManualClock(),
    onError: (error) => errors.push(error),
    ...more,
  }
  const calls = callTools([planned], 0, settings, watcher, new AbortController().signal)
  let next = await calls.next()
  while (!next.done) next = await calls.next()
  const [result]: readonly CallResult[] = next.value
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

describe('a call', () => {
  const forever = () => new Promise<never>(() => undefined)

  it('that is stopped is answered with that', async () => {
    const open = new OpenCalls()
    const { result } = await resultOf(
      () => {
        open.stop('toolu_other')
        open.stop('toolu_1')
        return forever()
      },
      { open },
    )
    expect(result).toMatchObject({ is_error: true, content: 'The tool took too long and was stopped.' })
  })

  it('is told of before it runs, and may be stopped then', async () => {
    const open = new OpenCalls()
    let hasRun = false
    const run = async () => {
      hasRun = true
      return { content: 'fine' }
    }
    const { result } = await resultOf(run, { open, onRun: ({ id }) => open.stop(id) })
    expect(result).toMatchObject({ is_error: true })
    expect(hasRun).toBe(false)
  })

  it('waits until it may run', async () => {
    const order: string[] = []
    const mayRun = async () => void order.push('allowed')
    const run = async () => {
      order.push('run')
      return { content: 'fine' }
    }
    await resultOf(run, { mayRun })
    expect(order).toEqual(['allowed', 'run'])
  })

  it('that nothing runs for waits for nobody', async () => {
    const { result } = await resultOf(forever, { planned: { ...call, taken: 'Said.' }, mayRun: forever })
    expect(result).toMatchObject({ content: 'Said.', is_error: false })
  })

  it('does not wait longer than the run', async () => {
    const run = new AbortController()
    const settings: CallSettings = {
      tools: new Map([['look', tool(async () => ({ content: 'fine' }))]]),
      parallel: 1,
      timeoutMs: 1000,
      maxResultBytes: 1000,
      clock: new ManualClock(),
      onError: () => undefined,
      mayRun: forever,
    }
    const calls = callTools([call], 0, settings, silent, run.signal)
    const next = calls.next()
    run.abort(new Cancelled())
    await next
    expect((await calls.next()).value).toMatchObject({ type: 'tool_result', is_error: true })
  })

  it('may tell the model more than those who watch', async () => {
    const blocks = [{ type: 'text' as const, text: 'Look:' }]
    const { result } = await resultOf(async () => ({ content: 'Look:', blocks }))
    expect(result).toMatchObject({ content: 'Look:', blocks })
  })
})
