import { describe, expect, it } from 'vitest'
import { measured } from '../../../measured.ts'
import { messagesSent } from '../../../runs/stage.ts'
import { isDeaf, time, toolThat, waits } from '../../../runs/tools.ts'
import { objects } from '../../../upstreams/json.ts'
import {
  answer,
  clientTool,
  question,
  type Stage,
  setUpStages,
  speak,
  spokenIn,
  text,
  use,
  withClaude,
  withDemo,
} from './stage.ts'

setUpStages()

const calls = answer(use('open_door', { which: 'front' }, 'toolu_door'))
const asking = { clientTools: [clientTool] }

function lastResults(stage: Stage, request = 1) {
  return objects(messagesSent(stage.upstream.requests[request]).at(-1)?.content)
}

describe("a tool of the client's", () => {
  it('is called by the client, whose answer the model is told', async () => {
    const stage = await withClaude([calls, answer(speak('It is open.'))], { asking })
    stage.asker.start(1, question, false)
    expect(await stage.tellsOf('tool-began')).toEqual({
      type: 'tool-began',
      id: 'toolu_door',
      hasOutsideEffect: true,
      withinMs: 30_000,
      call: { name: 'open_door', input: { which: 'front' } },
    })
    stage.asker.answerTool(1, 'toolu_door', 'It opened.', false)
    expect(await stage.over()).toEqual({ type: 'done', stopReason: 'end_turn' })
    expect(stage.told().map(({ type }) => type)).toEqual(['tool-began', 'tool-ended', 'say', 'done'])
    expect(lastResults(stage)).toEqual([{ type: 'tool_result', tool_use_id: 'toolu_door', content: 'It opened.' }])
    expect(stage.asker.stepsOf(1)[0]?.results).toEqual([{ tool_use_id: 'toolu_door', content: 'It opened.', is_error: false }])
    const { value } = await measured(stage.gateway)
    expect(value('vai_tool_calls_total', { tool: 'client', outcome: 'ok' })).toBe(1)
  })

  it('changes nothing where its client says so', async () => {
    const stage = await withClaude(calls, { asking: { clientTools: [{ ...clientTool, read_only: true }] } })
    stage.asker.start(1, question, false)
    expect(await stage.tellsOf('tool-began')).toMatchObject({ hasOutsideEffect: false })
  })

  it('fails where the client says so', async () => {
    const stage = await withClaude([calls, answer(speak('I could not.'))], { asking })
    stage.asker.start(1, question, false)
    await stage.tellsOf('tool-began')
    stage.asker.answerTool(1, 'toolu_door', 'It is locked.', true)
    await stage.over()
    expect(lastResults(stage)).toMatchObject([{ content: 'It is locked.', is_error: true }])
  })

  it('is answered once, and by whoever it was asked', async () => {
    const stage = await withClaude([calls, answer(speak('It is open.'))], { asking })
    stage.asker.start(1, question, false)
    await stage.tellsOf('tool-began')
    stage.asker.answerTool(1, 'toolu_other', 'No.', false)
    stage.asker.answerTool(2, 'toolu_door', 'No.', false)
    stage.asker.answerTool(1, 'toolu_door', 'Yes.', false)
    stage.asker.answerTool(1, 'toolu_door', 'No.', true)
    await stage.over()
    stage.asker.answerTool(1, 'toolu_door', 'No.', true)
    expect(lastResults(stage)).toMatchObject([{ content: 'Yes.' }])
    expect(stage.told().filter(({ type }) => type === 'tool-ended')).toHaveLength(1)
  })

  it('that is never answered has had its time when the session says so, and the model goes on', async () => {
    const stage = await withClaude([calls, answer(speak('It took too long.'))], { asking })
    stage.asker.start(1, question, false)
    await stage.tellsOf('tool-began')
    stage.asker.cancelTool(1, 'toolu_door')
    expect(await stage.over()).toMatchObject({ type: 'done' })
    stage.asker.answerTool(1, 'toolu_door', 'Late.', false)
    expect(lastResults(stage)).toMatchObject([{ content: expect.stringMatching(/took too long/), is_error: true }])
    expect(stage.asker.stepsOf(1)[0]?.results).toMatchObject([{ is_error: true }])
  })

  it('ends by itself where not even the session says so', async () => {
    const stage = await withClaude([calls, answer(speak('It took too long.'))], { asking: { ...asking, toolTimeoutMs: 1 } })
    stage.asker.start(1, question, false)
    expect(await stage.over()).toMatchObject({ type: 'done' })
    expect(lastResults(stage)).toMatchObject([{ is_error: true }])
  })

  it('may answer with a picture, if the model can be shown it', async () => {
    const stage = await withClaude([calls, answer(speak('I see.'))], { asking })
    const picture = {
      type: 'image' as const,
      source: { type: 'base64' as const, media_type: 'image/png' as const, data: 'iVBORw0KGgo=' },
    }
    stage.asker.start(1, question, false)
    await stage.tellsOf('tool-began')
    const content = [{ type: 'text' as const, text: 'The door:' }, picture]
    stage.asker.answerTool(1, 'toolu_door', content, false)
    expect(await stage.over()).toMatchObject({ type: 'done' })
    expect(lastResults(stage)).toMatchObject([{ content }])
    expect(stage.asker.stepsOf(1)[0]?.results).toMatchObject([{ content }])
    expect(stage.runs).toContainEqual(expect.objectContaining({ type: 'tool_result', content: 'The door:\n[image]' }))
  })

  it.each([
    ['is none', 'data:image/png'],
    ['is too large', 'A'.repeat(4096)],
  ])('has failed where its picture %s', async (_, data) => {
    const env = { VAI_LIMIT_IMAGE_BYTES: '1024' }
    const stage = await withClaude([calls, answer(speak('I cannot see it.'))], { asking, env })
    stage.asker.start(1, question, false)
    await stage.tellsOf('tool-began')
    const source = { type: 'base64' as const, media_type: 'image/png' as const, data }
    stage.asker.answerTool(1, 'toolu_door', [{ type: 'image', source }], false)
    expect(await stage.over()).toMatchObject({ type: 'done' })
    expect(lastResults(stage)).toMatchObject([{ content: expect.stringMatching(/cannot be shown/), is_error: true }])
  })

  it('is text where nothing but text is in it', async () => {
    const stage = await withClaude([calls, answer(speak('Good.'))], { asking })
    stage.asker.start(1, question, false)
    await stage.tellsOf('tool-began')
    const content = ['One.', 'Two.'].map((each) => ({ type: 'text' as const, text: each }))
    stage.asker.answerTool(1, 'toolu_door', content, false)
    await stage.over()
    expect(lastResults(stage)).toMatchObject([{ content: 'One.\nTwo.' }])
  })

  it('is called by models without a vendor', async () => {
    const stage = await withDemo('demo/tools', { asking })
    stage.asker.start(1, question, false)
    const { id } = await stage.tellsOf('tool-began')
    stage.asker.answerTool(1, id, 'It opened.', false)
    expect(await stage.over()).toMatchObject({ type: 'done' })
    expect(stage.said()).toContain('It opened.')
  })
})

describe('several calls in one answer', () => {
  const both = answer(
    text('Let me see.'),
    use('open_door', {}, 'toolu_a'),
    use('get_time', {}, 'toolu_b'),
    use('open_door', {}, 'toolu_c'),
    use('no_such_tool', {}, 'toolu_d'),
  )

  it('are all answered, in whatever order their answers come', async () => {
    const stage = await withClaude([both, answer(speak('Done.'))], { asking, tools: [time] })
    stage.asker.start(1, question, false)
    await stage.tellsOf('tool-began')
    const began = () => stage.told().filter(({ type }) => type === 'tool-began')
    while (began().length < 3) await new Promise((resolve) => setImmediate(resolve))
    expect(began().map((event) => 'id' in event && event.id)).toEqual(expect.arrayContaining(['toolu_a', 'toolu_b', 'toolu_c']))
    stage.asker.answerTool(1, 'toolu_c', 'Third.', false)
    stage.asker.answerTool(1, 'toolu_a', 'First.', false)
    expect(await stage.over()).toMatchObject({ type: 'done' })
    expect(lastResults(stage).map(({ tool_use_id: id, is_error: isError = false }) => [id, isError])).toEqual([
      ['toolu_a', false],
      ['toolu_b', false],
      ['toolu_c', false],
      ['toolu_d', true],
    ])
    expect(stage.told().filter(({ type }) => type === 'tool-ended')).toHaveLength(3)
  })

  it('are no more than a turn may make', async () => {
    const stage = await withClaude(both, { asking: { ...asking, maxToolCalls: 1 }, tools: [time] })
    stage.asker.start(1, question, false)
    const { id } = await stage.tellsOf('tool-began')
    stage.asker.answerTool(1, id, 'Fine.', false)
    expect(await stage.over()).toEqual({ type: 'done', stopReason: 'max_tool_calls' })
    expect(stage.asker.stepsOf(1)[0]?.results).toHaveLength(4)
  })
})

describe("a tool of the gateway's", () => {
  it('has an effect unless it is known to have none', async () => {
    const harmless = { ...time, readOnly: true }
    const other = toolThat('send_mail', async () => ({ content: 'Sent.' }))
    const both = answer(use('get_time', {}, 'toolu_time'), use('send_mail', {}, 'toolu_mail'))
    const stage = await withClaude([both, answer(speak('Done.'))], { tools: [harmless, other] })
    stage.asker.start(1, question, false)
    await stage.over()
    const effects = stage.told().flatMap((event) => (event.type === 'tool-began' ? [[event.id, event.hasOutsideEffect]] : []))
    expect(Object.fromEntries(effects)).toEqual({ toolu_time: false, toolu_mail: true })
  })

  it('that is not run has none', async () => {
    const wrong = answer(use('get_time', { zone: 'UTC' }, 'toolu_time'))
    const stage = await withClaude([wrong, answer(speak('Hm.'))], { tools: [time] })
    stage.asker.start(1, question, false)
    await stage.over()
    expect(stage.told().map(({ type }) => type)).toEqual(['say', 'done'])
    expect(stage.asker.stepsOf(1)[0]?.results).toMatchObject([{ is_error: true }])
  })

  it.each([
    ['heeds it', waits('slow')],
    ['does not', isDeaf('slow')],
  ])('is stopped in the middle, if it %s', async (_, tool) => {
    const stage = await withClaude([answer(use('slow', {}, 'toolu_slow')), answer(speak('Never mind.'))], { tools: [tool] })
    stage.asker.start(1, question, false)
    const { id } = await stage.tellsOf('tool-began')
    stage.asker.cancelTool(1, id)
    expect(await stage.over()).toMatchObject({ type: 'done' })
    expect(stage.said()).toBe('Never mind.')
  })

  it('does not run at all where the session stops it at once', async () => {
    let hasRun = false
    const tool = toolThat('count', async () => {
      hasRun = true
      return { content: 'One.' }
    })
    const stage = await withClaude([answer(use('count', {}, 'toolu_count')), answer(speak('No.'))], {
      tools: [tool],
      onModel: (asker, turn, event) => event.type === 'tool-began' && asker.cancelTool(turn, event.id),
    })
    stage.asker.start(1, question, false)
    await stage.over()
    expect(hasRun).toBe(false)
    expect(stage.told().map(({ type }) => type)).toEqual(['tool-began', 'tool-ended', 'say', 'done'])
    expect(lastResults(stage)).toMatchObject([{ is_error: true }])
  })
})

describe('what was said while tools run', () => {
  it('stands before the call, and in the order in which it sounded', async () => {
    const first = answer(text('Let me see.'), use('open_door', {}, 'toolu_a'))
    const stage = await withClaude([first, answer(speak('It is open.'))], { asking })
    stage.asker.start(1, question, false)
    await stage.tellsOf('tool-began')
    stage.asker.addFiller(1, 'One moment. ')
    stage.asker.answerTool(1, 'toolu_a', 'Fine.', false)
    await stage.over()
    const [step] = stage.asker.stepsOf(1)
    expect(step?.content.map((block) => (block.type === 'text' ? block.text : block.type))).toEqual([
      'Let me see.',
      'One moment.',
      'tool_use',
    ])
    expect(spokenIn(stage.asker.stepsOf(1))).toBe('Let me see.\nOne moment. It is open.')
  })

  it('stands behind what was said last, wherever that stands', async () => {
    const first = answer(use('open_door', {}, 'toolu_a'), speak('Let me see.'))
    const stage = await withClaude([first, answer(speak('It is open.'))], { asking })
    stage.asker.start(1, question, false)
    await stage.tellsOf('tool-began')
    stage.asker.addFiller(1, 'One moment. ')
    expect(spokenIn(stage.asker.stepsOf(1))).toBe('Let me see.\nOne moment. ')
    expect(stage.asker.stepsOf(1)[0]?.spoken).toEqual(['Let me see.\n', 'One moment. '])
  })
})
