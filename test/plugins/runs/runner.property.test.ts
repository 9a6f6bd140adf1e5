import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ContentBlock, MessageParam, RunEvent, RunResult } from '../../../api/schemas.gen.ts'
import { validateRequest } from '../../../plugins/messages/validate.ts'
import { problemsWith } from '../../contract-schemas.ts'
import { replayed, wordOf } from '../../runs/run.ts'
import { firstMessage, maxResultBytes, type Outcome, play, type Script, type ScriptedTurn } from './scripted-run.ts'

const toolNames = ['alpha', 'beta', 'gamma'] as const

const block: fc.Arbitrary<ContentBlock> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('text' as const), text: fc.constantFrom('', ' \n', 'Hm.', 'A word — ünd 狐.') }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('tool_use' as const),
      // Few ids, so that they come again.
      id: fc.constantFrom('call_0', 'call_1', 'toolu_a', 'toolu_b', 'toolu_c'),
      name: fc.constantFrom(...toolNames, 'nobody', '', 'no such tool', 'ü'.repeat(200)),
      input: fc.constantFrom<Record<string, unknown>>({}, { a: [1, { b: null }] }, { wrong: true }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'thinking' as const, thinking: 'Well…', signature: 'sig' }) },
  {
    weight: 1,
    arbitrary: fc.constant({ type: 'server_tool_use' as const, id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } }),
  },
)

const turn: fc.Arbitrary<ScriptedTurn> = fc.record(
  {
    content: fc.array(block, { maxLength: 5 }),
    stopReason: fc.constantFrom(
      'end_turn' as const,
      'tool_use' as const,
      'max_tokens' as const,
      'pause_turn' as const,
      'refusal' as const,
      'stop_sequence' as const,
      'model_context_window_exceeded' as const,
    ),
    isWire: fc.boolean(),
    breaks: fc.record({
      after: fc.oneof(fc.constant('unasked' as const), fc.nat(12)),
      by: fc.constantFrom('error' as const, 'silence' as const),
    }),
  },
  { requiredKeys: ['content', 'stopReason', 'isWire'] },
)

const how = fc.constantFrom('answers', 'fails', 'throws', 'hangs', 'is late', 'says nothing', 'says much')

const script: fc.Arbitrary<Script> = fc.record({
  turns: fc.array(turn, { maxLength: 6 }),
  tools: fc.record({ alpha: how, beta: how, gamma: how }),
  limits: fc.record({
    maxTurns: fc.integer({ min: 1, max: 6 }),
    maxToolCalls: fc.nat(8),
    maxTokens: fc.constantFrom(0, 1, 30, 50),
    maxTextBytes: fc.constantFrom(300, 5000, 1_000_000),
    timeoutMs: fc.constantFrom(1, 500, 5000, 60_000),
  }),
  toolTimeoutMs: fc.constantFrom(1, 300, 1000),
  parallel: fc.integer({ min: 1, max: 3 }),
  leavesAfter: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined, freq: 4 }),
  deafAfter: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined, freq: 6 }),
})

describe('whatever a model says and its tools do, a run', () => {
  it('ends within its limits, in order, with a history that can be sent again', async () => {
    await fc.assert(
      fc.asyncProperty(script, async (given) => {
        const outcome = await play(given)
        endsOnce(outcome, given)
        keepsTheGrammar(outcome.events, given)
        leavesNothing(outcome)
        fitsTheContract(outcome.events)
        const result = resultOf(outcome.events)
        if (!result) return
        staysWithin(given, outcome, result)
        answersEveryCall(result.messages)
        expect(replayed(outcome.events, [firstMessage])).toEqual(result.messages)
        expect(result.steps.flatMap((step) => step.tool_results.map((each) => each.tool_use_id))).toEqual(
          result.steps.flatMap((step) => step.tool_calls.map((each) => each.id)),
        )
        expect(JSON.stringify(outcome.events)).not.toContain('secret detail')
      }),
      { numRuns: 1500 },
    )
  })
})

/** Exactly one end, `run_complete`, or an error where no answer was complete; none where nobody listened any more. */
function endsOnce({ events, error }: Outcome, { deafAfter }: Script): void {
  const ends = events.filter(({ type }) => type === 'run_complete')
  if (deafAfter !== undefined && ends.length === 0 && error === undefined) return
  expect(ends).toHaveLength(error === undefined ? 1 : 0)
  if (ends.length > 0) expect(events.at(-1)?.type).toBe('run_complete')
  else expect(events.some(({ type }) => type === 'step_complete')).toBe(false)
}

const grammar = /^R(?:Se*[tr]*CH)*(?:Se*[tr]*)?H?E?$/
const beginning = /^R(?:Se*[tr]*CH)*(?:Se*[tr]*C?)?H?E?$/

function keepsTheGrammar(events: readonly RunEvent[], { deafAfter }: Script): void {
  expect(wordOf(events)).toMatch(deafAfter === undefined ? grammar : beginning)
}

function leavesNothing({ left }: Outcome): void {
  expect({ ...left, timers: 0 }).toEqual({ timers: 0, sources: 0, steps: 0, calls: 0 })
  // Of timers, only those of tools that do not heed that they were given up.
  expect(left.timers).toBeLessThanOrEqual(40)
}

function fitsTheContract(events: readonly RunEvent[]): void {
  for (const event of events) expect(problemsWith('RunEvent', event)).toEqual([])
}

function resultOf(events: readonly RunEvent[]): RunResult | undefined {
  const last = events.at(-1)
  return last?.type === 'run_complete' ? last.result : undefined
}

function staysWithin({ limits, parallel, toolTimeoutMs }: Script, outcome: Outcome, result: RunResult): void {
  expect(result.turn_count).toBeLessThanOrEqual(limits.maxTurns)
  expect(result.tool_call_count).toBeLessThanOrEqual(limits.maxToolCalls)
  expect(outcome.tookMs).toBeLessThanOrEqual(limits.timeoutMs)
  expect(outcome.mostAtOnce).toBeLessThanOrEqual(parallel)
  if (limits.maxTokens > 0) {
    const before = result.steps.slice(0, -1).reduce((sum, { response }) => sum + (response.usage.total_tokens ?? 0), 0)
    expect(before).toBeLessThan(limits.maxTokens)
  }
  for (const each of result.steps.flatMap((step) => step.tool_results)) {
    expect(each.duration_ms).toBeLessThanOrEqual(toolTimeoutMs)
    expect(Buffer.byteLength(each.content)).toBeLessThanOrEqual(maxResultBytes + 100)
    expect(each.content).not.toBe('')
  }
}

/** As Anthropic asks for it, which is the strictest: each call is answered in the very next message, and ids are never used again. */
function answersEveryCall(messages: readonly MessageParam[]): void {
  const limits = { imageBytes: 1e6, blockBytes: 1e6, base64Bytes: 1e6, messages: 1000, textBytes: 1e7 }
  expect(validateRequest({ messages }, limits)).toEqual([])
  const ids = new Set<string>()
  for (const [index, { content }] of messages.entries()) {
    expect(content.length).toBeGreaterThan(0)
    if (typeof content === 'string') continue
    for (const each of content) if (each.type === 'text') expect(each.text).toMatch(/\S/)
    const calls = content.flatMap((each) => (each.type === 'tool_use' ? [each.id] : []))
    const next = messages[index + 1]?.content
    const answers =
      typeof next === 'string' ? [] : (next ?? []).flatMap((each) => (each.type === 'tool_result' ? [each.tool_use_id] : []))
    if (calls.length > 0) expect(answers).toEqual(calls)
    for (const id of calls) {
      expect(ids.has(id)).toBe(false)
      ids.add(id)
    }
  }
  const last = messages.at(-1)
  if (last?.role === 'assistant' && typeof last.content !== 'string') {
    expect(['thinking', 'server_tool_use', 'tool_use']).not.toContain(last.content.at(-1)?.type)
  }
}
