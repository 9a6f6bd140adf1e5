import { describe, expect, it } from 'vitest'
import type { MessageParam } from '../../../../api/schemas.gen.ts'
import { beginHistory, committed, requestOf, withWords } from '../../../../plugins/live/history.ts'
import { measured } from '../../../measured.ts'
import { time, waits } from '../../../runs/tools.ts'
import type { AnthropicAnswer } from '../../../upstreams/anthropic-answer.ts'
import { answer, clientTool, question, type Stage, setUpStages, speak, spokenIn, text, use, withClaude } from './stage.ts'

setUpStages()

const asking = { clientTools: [clientTool] }
const long = 'It is nice outside. It will rain later, though. So take an umbrella with you, and a coat. It may get cold at night.'
const everything = answer(
  { type: 'thinking', thinking: ['Let me', ' think.'], signature: 'c2lnbmF0dXJl' },
  text('Well. ', 'Let me see. '),
  speak(long, 9),
  use('get_time', {}, 'toolu_time'),
  use('open_door', { which: 'front' }, 'toolu_door'),
)

/** Asks the model with what was heard of the turn that was cancelled; it refuses what breaks its rules. */
async function askOn(stage: Stage, heard: string): Promise<readonly MessageParam[]> {
  const history = withWords(beginHistory([]), 'How is the weather?')
  const after = committed(history, stage.asker.stepsOf(1), heard).history
  const messages = requestOf(withWords(after, 'And tomorrow?'))
  stage.asker.start(2, messages, false)
  expect(await stage.over(2)).toEqual({ type: 'done', stopReason: 'end_turn' })
  return messages
}

const patiently = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** What is there once nothing more comes for a while. */
async function settled(stage: Stage): Promise<string> {
  for (let before = ''; ; ) {
    for (let rounds = 0; rounds < 20; rounds++) await patiently()
    const now = JSON.stringify([stage.asker.stepsOf(1), stage.told()])
    if (now === before) return now
    before = now
  }
}

describe('a turn that is interrupted', () => {
  const frames = 38
  it.each(Array.from({ length: frames }, (_, event) => event))(
    'after %i events has a history that the model takes, and tells nothing more',
    async (event) => {
      const script: AnthropicAnswer[] = [{ ...everything, stallAt: { event } }, answer(speak('Sunny.'))]
      const stage = await withClaude(script, { asking, tools: [time] })
      stage.asker.start(1, question, false)
      await stage.upstream.waitForRequest()
      await settled(stage)
      stage.asker.cancel(1)
      const told = stage.told().length
      const steps = stage.asker.stepsOf(1)
      expect(spokenIn(steps)).toBe(stage.said())
      const said = stage.said()
      await stage.upstream.waitForClose()
      await settled(stage)
      expect(stage.told()).toHaveLength(told)
      expect(stage.asker.stepsOf(1)).toEqual(steps)
      const heard = said.slice(0, said.indexOf(' ', said.length / 2) + 1).trimEnd()
      const messages = await askOn(stage, heard)
      const text = JSON.stringify(messages)
      for (const word of heard.split(/\s+/)) expect(text).toContain(word)
    },
  )

  it('before anybody has answered ends the request at once', async () => {
    const stage = await withClaude([{ ...everything, delayMs: 600_000 }, answer(speak('Sunny.'))])
    stage.asker.start(1, question, false)
    await stage.upstream.waitForRequest()
    stage.asker.cancel(1)
    await stage.upstream.waitForClose()
    await askOn(stage, '')
    expect(stage.told()).toEqual([])
    expect(await stage.gateway.logged('"ended":"cancelled"')).toContain('"turn":1')
  })

  it('has cost what it came to, with all others and once, also when it is forgotten', async () => {
    const stage = await withClaude([{ ...everything, stallAt: { event: 20 } }, answer(speak('Sunny.'))])
    expect(stage.asker.usage).toBeUndefined()
    stage.asker.start(1, question, false)
    await stage.upstream.waitForRequest()
    await settled(stage)
    stage.asker.cancel(1)
    const first = stage.asker.usageOf(1).input_tokens ?? 0
    stage.asker.forget(1)
    expect(first).toBeGreaterThan(0)
    expect(stage.asker.usage?.input_tokens).toBe(first)
    stage.asker.start(2, question, false)
    await stage.over(2)
    const second = stage.asker.usageOf(2).input_tokens ?? 0
    expect(stage.asker.usage?.input_tokens).toBe(first + second)
    await stage.asker.end()
    expect(stage.asker.usage?.input_tokens).toBe(first + second)
  })

  it('before it was even checked asks nobody', async () => {
    const stage = await withClaude(answer(speak('Sunny.')))
    stage.asker.start(1, question, false)
    stage.asker.cancel(1)
    expect(await stage.gateway.logged('"msg":"turn"')).toContain('cancelled')
    expect(stage.upstream.requests).toHaveLength(0)
  })

  it('while tools run ends them, and they are answered with that', async () => {
    let isGivenUp = false
    const slow = waits('slow', ({ signal }) => signal.addEventListener('abort', () => (isGivenUp = true)))
    const calls = answer(text('Let me see.'), use('slow', {}, 'toolu_slow'), use('get_time', {}, 'toolu_time'))
    const stage = await withClaude([calls, answer(speak('Sunny.'))], { tools: [slow, time] })
    stage.asker.start(1, question, false)
    await stage.tellsOf('tool-ended')
    stage.asker.cancel(1)
    expect(isGivenUp).toBe(true)
    await settled(stage)
    expect(stage.asker.stepsOf(1)[0]?.results.map(({ tool_use_id: id }) => id)).toEqual(['toolu_time'])
    const messages = await askOn(stage, 'Let me')
    expect(JSON.stringify(messages)).toContain('The tool was not run to its end')
  })

  it('while it waits for the client takes no answer any more', async () => {
    const stage = await withClaude([answer(use('open_door', {}, 'toolu_door')), answer(speak('Sunny.'))], { asking })
    stage.asker.start(1, question, false)
    await stage.tellsOf('tool-began')
    stage.asker.cancel(1)
    stage.asker.answerTool(1, 'toolu_door', 'Late.', false)
    await settled(stage)
    expect(stage.asker.stepsOf(1)[0]?.results).toEqual([])
    await askOn(stage, '')
  })

  it('after its tools keeps what they said', async () => {
    const script = [
      answer(use('get_time', {}, 'toolu_time')),
      { ...answer(speak(long, 4)), stallAt: { event: 20 } },
      answer(speak('Sunny.')),
    ]
    const stage = await withClaude(script, { tools: [time] })
    stage.asker.start(1, question, false)
    await stage.tellsOf('say')
    stage.asker.cancel(1)
    const messages = await askOn(stage, 'It is nice')
    expect(JSON.stringify(messages)).toContain('It is noon.')
  })

  it('twice, or after its end, is so once', async () => {
    const stage = await withClaude(answer(speak('Sunny.')))
    stage.asker.start(1, question, false)
    await stage.over()
    const steps = stage.asker.stepsOf(1)
    stage.asker.cancel(1)
    stage.asker.cancel(1)
    expect(stage.asker.stepsOf(1)).toEqual(steps)
    stage.asker.forget(1)
    expect(stage.asker.stepsOf(1)).toEqual([])
    expect(stage.asker.usageOf(1)).toEqual({})
  })
})

describe('the end of a session', () => {
  it('ends whatever is asked, and asks nobody any more', async () => {
    const stage = await withClaude({ ...everything, stallAt: { event: 6 } }, { asking, tools: [time] })
    stage.asker.start(1, question, false)
    stage.asker.start(2, question, true)
    await stage.upstream.waitForRequest(2)
    await stage.asker.end()
    await stage.upstream.waitForClose(2)
    stage.asker.start(3, question, false)
    await settled(stage)
    expect(stage.upstream.requests).toHaveLength(2)
    const { value } = await measured(stage.gateway)
    expect(value('vai_upstream_calls_total', { outcome: 'cancelled' })).toBe(2)
    expect(value('vai_runs_total', { ended: 'cancelled' })).toBe(2)
  })
})

describe('a turn that is begun before it is certain', () => {
  it('runs no tool until it is', async () => {
    const stage = await withClaude([answer(use('get_time', {}, 'toolu_time')), answer(speak('It is noon.'))], { tools: [time] })
    stage.asker.start(1, question, true)
    await stage.upstream.waitForRequest()
    await settled(stage)
    expect(stage.told()).toEqual([])
    expect(stage.runs).toEqual([])
    stage.asker.confirm(1)
    expect(await stage.over()).toMatchObject({ type: 'done' })
    expect(stage.told().map(({ type }) => type)).toEqual(['tool-began', 'tool-ended', 'say', 'done'])
  })

  it('says what it has to say, and goes on once it is certain', async () => {
    const stage = await withClaude(answer(speak('It is noon.')))
    stage.asker.start(1, question, true)
    await stage.over()
    expect(stage.runs).toEqual([])
    stage.asker.confirm(1)
    expect(stage.runs.map(({ type }) => type)).toEqual(['step_complete'])
    expect(spokenIn(stage.asker.stepsOf(1))).toBe('It is noon.')
  })

  it.each(['while it answers', 'while a tool waits', 'when all is said'])(
    'leaves nothing but what it has cost where it is not wanted, %s',
    async (when) => {
      const scripts: Record<string, AnthropicAnswer> = {
        'while it answers': { ...answer(speak(long, 4)), stallAt: { event: 20 } },
        'while a tool waits': answer(use('get_time', {}, 'toolu_time')),
        'when all is said': answer(speak(long)),
      }
      const stage = await withClaude(scripts[when] ?? answer(), { tools: [time] })
      stage.asker.start(1, question, true)
      await stage.upstream.waitForRequest()
      await settled(stage)
      stage.asker.cancel(1)
      expect(stage.asker.stepsOf(1)).toEqual([])
      expect(stage.asker.usageOf(1)).toEqual({})
      const known = { input_tokens: expect.any(Number), output_tokens: expect.any(Number) }
      expect(stage.asker.usage).toMatchObject(known)
      const line: unknown = JSON.parse(await stage.gateway.logged('"msg":"turn"'))
      expect(line).toMatchObject({ foretold: true })
      expect(stage.asker.usage).toMatchObject(known)
      stage.asker.confirm(1)
      expect(stage.runs).toEqual([])
    },
  )
})
