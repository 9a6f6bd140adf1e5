import { describe, expect, it } from 'vitest'
import { measured } from '../../../measured.ts'
import { messagesSent } from '../../../runs/stage.ts'
import { time } from '../../../runs/tools.ts'
import { anthropicError } from '../../../upstreams/anthropic-answer.ts'
import { isObject, objects } from '../../../upstreams/json.ts'
import { answer, question, setUpStages, speak, spokenIn, text, use, withClaude, withDemo } from './stage.ts'

setUpStages()

const said = 'It is nice outside. It will rain later, though, so take an umbrella with you when you leave.'

describe('what the model says', () => {
  it('is told sentence by sentence while its call is still being written', async () => {
    const stage = await withClaude({ ...answer(speak(`${said} And more.`, 4)), stallAt: { event: 20 } })
    stage.asker.start(1, question, false)
    await stage.tellsOf('say')
    expect(stage.told().map(({ type }) => type)).not.toContain('done')
    expect(said.startsWith(stage.said().trimEnd())).toBe(true)
    expect(stage.said()).toMatch(/^It is nice outside\. /)
  })

  it('is spoken by its call, which ends the turn and goes out with a short result no further', async () => {
    const stage = await withClaude(answer(speak(said)))
    stage.asker.start(1, question, false)
    expect(await stage.over()).toEqual({ type: 'done', stopReason: 'end_turn' })
    expect(stage.said()).toBe(said)
    const [step] = stage.asker.stepsOf(1)
    expect(step?.content).toMatchObject([{ type: 'tool_use', name: 'talk_to_user', input: { text: said } }])
    expect(step?.spoken).toEqual([said])
    expect(step?.results).toEqual([])
    expect(stage.upstream.requests).toHaveLength(1)
  })

  it('is the same wherever its JSON is cut', async () => {
    const hard = 'She said “Nu, 5 € — {really}?” \\ 🦊 "quoted" it’s… fine.\nAnd then?'
    const pieces = [1, 2, 3, 5, 7, 11, 1000]
    const stage = await withClaude(pieces.map((piece) => answer(speak(hard, piece))))
    const all: string[] = []
    for (const turn of pieces.keys()) {
      stage.asker.start(turn, question, false)
      await stage.over(turn)
      all.push(stage.said(turn))
      expect(spokenIn(stage.asker.stepsOf(turn))).toBe(stage.said(turn))
    }
    expect(new Set(all).size).toBe(1)
  })

  it('is spoken where it is plain text, and that is counted', async () => {
    const stage = await withClaude(answer(text('It is ', '**nice** outs', 'ide.')))
    stage.asker.start(1, question, false)
    expect(await stage.over()).toEqual({ type: 'done', stopReason: 'end_turn' })
    expect(stage.said()).toBe('It is nice outside.')
    expect(stage.asker.stepsOf(1)).toEqual([
      { content: [{ type: 'text', text: 'It is **nice** outside.' }], results: [], spoken: ['It is nice outside.'] },
    ])
    const { value } = await measured(stage.gateway)
    expect(value('vai_live_plain_speech_total', { gate: 'lenient' })).toBe(1)
  })

  it('fails the turn where plain text is not spoken, whose request is ended', async () => {
    const plain = { ...answer(text('It is nice.'), speak(said)), stallAt: { event: 4 } }
    const stage = await withClaude(plain, { asking: { speechGate: 'strict' } })
    stage.asker.start(1, question, false)
    expect(await stage.over()).toMatchObject({ type: 'failed', code: 'speech_not_explicit', isRetryable: true })
    expect(stage.said()).toBe('')
    await stage.upstream.waitForClose()
    expect(JSON.parse(await stage.gateway.logged('"msg":"turn"'))).toMatchObject({ error: 'speech_not_explicit', ended: 'error' })
  })

  it('may be explicit where plain text is not spoken, with space around it', async () => {
    const stage = await withClaude(answer(text('\n\n'), speak(said)), { asking: { speechGate: 'strict' } })
    stage.asker.start(1, question, false)
    expect(await stage.over()).toMatchObject({ type: 'done' })
    expect(stage.said()).toBe(said)
  })

  it('of several blocks is told in order, each with its own words', async () => {
    const stage = await withClaude(answer(text('One moment please.'), speak('First this.'), speak('Then that.')))
    stage.asker.start(1, question, false)
    await stage.over()
    const [step] = stage.asker.stepsOf(1)
    expect(step?.spoken.map((each) => each.trim())).toEqual(['One moment please.', 'First this.', 'Then that.'])
    expect(spokenIn(stage.asker.stepsOf(1))).toBe(stage.said())
    expect(stage.said()).toBe('One moment please.\nFirst this.\nThen that.')
  })

  it('goes on after its call where another stands beside it', async () => {
    const beside = answer(speak('I look at the clock.'), use('get_time', {}, 'toolu_time'))
    const stage = await withClaude([beside, answer(speak('It is noon.'))], { tools: [time] })
    stage.asker.start(1, question, false)
    expect(await stage.over()).toEqual({ type: 'done', stopReason: 'end_turn' })
    expect(stage.said()).toBe('I look at the clock.\nIt is noon.')
    expect(stage.asker.stepsOf(1).map(({ spoken, results }) => ({ spoken, results }))).toEqual([
      {
        spoken: ['I look at the clock.\n'],
        results: [{ tool_use_id: 'toolu_time', content: 'It is noon.', is_error: false }],
      },
      { spoken: ['It is noon.'], results: [] },
    ])
    const results = objects(messagesSent(stage.upstream.requests[1]).at(-1)?.content)
    expect(results.map(({ content }) => content)).toEqual(['The user hears it.', 'It is noon.'])
    expect(stage.runs.map(({ type }) => type)).toEqual(['tool_call_start', 'tool_result', 'step_complete', 'step_complete'])
  })

  it('is asked for again where the call has no words', async () => {
    const stage = await withClaude([answer(use('talk_to_user', { words: 'Hello.' })), answer(speak('Hello.'))])
    stage.asker.start(1, question, false)
    expect(await stage.over()).toMatchObject({ type: 'done' })
    expect(stage.said()).toBe('Hello.')
    const [result] = objects(messagesSent(stage.upstream.requests[1]).at(-1)?.content)
    expect(result).toMatchObject({ is_error: true, content: expect.stringMatching(/Nothing was said/) })
  })

  it.each([
    ['nothing', answer()],
    ['space', answer(text(' \n'))],
    ['a thought', answer({ type: 'thinking', thinking: 'Hm.', signature: 'c2ln' })],
    ['a refusal', { ...answer(), stopReason: 'refusal' }],
    ['an empty call', answer(speak(''))],
  ])('may be %s, and then the turn is over', async (_, silent) => {
    const stage = await withClaude(silent)
    stage.asker.start(1, question, false)
    expect(await stage.over()).toEqual({ type: 'done', stopReason: 'end_turn' })
    expect(stage.said()).toBe('')
  })

  it('comes from models without a vendor', async () => {
    const stage = await withDemo('demo/echo')
    stage.asker.start(1, [{ role: 'user', content: 'Good morning. How are you?' }], false)
    expect(await stage.over()).toEqual({ type: 'done', stopReason: 'end_turn' })
    expect(stage.said()).toBe('Good morning. How are you?')
  })
})

describe('what the model is asked', () => {
  it('has the words of the gateway behind those of the caller, and a tool by which it speaks', async () => {
    const stage = await withClaude(answer(speak('Hi.')), { asking: { system: 'You are Ada.' } })
    stage.asker.start(1, question, false)
    await stage.over()
    const sent = stage.upstream.requests[0]?.json
    if (!isObject(sent)) throw new Error('nothing was sent')
    expect(sent.system).toMatch(/^You are Ada\.\n\n.*spoken/s)
    expect(sent.system).toContain('talk_to_user')
    expect(objects(sent.tools).at(-1)).toMatchObject({ name: 'talk_to_user', eager_input_streaming: true })
    expect(sent.messages).toEqual(question)
  })

  it('keeps the blocks of the caller as they are', async () => {
    const own = { type: 'text' as const, text: 'You are Ada.', cache_control: { type: 'ephemeral' as const } }
    const stage = await withClaude(answer(speak('Hi.')), { asking: { system: [own] } })
    stage.asker.start(1, question, false)
    await stage.over()
    const sent = stage.upstream.requests[0]?.json
    expect(objects(isObject(sent) ? sent.system : [])).toEqual([own, expect.objectContaining({ type: 'text' })])
  })

  it('is something else from the next turn on once that was changed', async () => {
    const stage = await withClaude(answer(speak('Hi.')))
    stage.asker.start(1, question, false)
    stage.asker.change({ ...stage.asking, system: 'You are Bob.' })
    await stage.over()
    stage.asker.start(2, question, false)
    await stage.over(2)
    const systems = stage.upstream.requests.map(({ json }) =>
      isObject(json) ? String(json.system).startsWith('You are Bob.') : false,
    )
    expect(systems).toEqual([false, true])
  })
})

describe('a turn that fails', () => {
  it('says why, and keeps what was said', async () => {
    const breaks = { ...answer(speak(said, 4)), errorAfter: { events: 20, type: 'overloaded_error' as const, message: 'secret' } }
    const stage = await withClaude(breaks)
    stage.asker.start(1, question, false)
    expect(await stage.over()).toMatchObject({ type: 'failed', code: 'provider_overloaded', isRetryable: true })
    expect(stage.said()).not.toBe('')
    expect(spokenIn(stage.asker.stepsOf(1))).toBe(stage.said())
    expect(await stage.gateway.logged('"msg":"turn"')).not.toContain('secret')
  })

  it('fails for what cannot be sent, before anybody is asked', async () => {
    const stage = await withClaude(answer(speak(said)), { asking: { model: 'nobody/at-all' } })
    stage.asker.start(1, question, false)
    expect(await stage.over()).toMatchObject({ type: 'failed', code: 'unknown_provider', isRetryable: false })
    expect(stage.upstream.requests).toHaveLength(0)
  })

  it('says where it is wrong as whoever talks knows it', async () => {
    const stage = await withClaude(answer(speak(said)))
    stage.asker.start(1, [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'x' }] }], false)
    expect(await stage.over()).toMatchObject({
      type: 'failed',
      code: 'tool_use_not_found',
      message: expect.stringMatching(/^messages\[0\]\.content\[0\]\.tool_use_id: /),
    })
  })

  it('fails as the provider does', async () => {
    const stage = await withClaude(anthropicError('invalid_request_error', 'no'))
    stage.asker.start(1, question, false)
    expect(await stage.over()).toMatchObject({ type: 'failed', isRetryable: false })
  })
})
