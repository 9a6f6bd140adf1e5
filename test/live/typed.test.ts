import { afterEach, describe, expect, it } from 'vitest'
import { anthropicError } from '../upstreams/anthropic-answer.ts'
import { type Stage, startStage, type Talk } from './stage.ts'

/** What is typed and not taken, and what is left of it. */
let stage: Stage
afterEach(async () => {
  await stage.close()
})

async function refusalOf(talk: Talk, content: unknown) {
  const before = talk.client.of('error').length
  talk.client.send({ type: 'input_text', content })
  return talk.told('error', before + 1)
}

describe('a typed turn', () => {
  it('that is blank, too long, or too much with all before is refused, and the session goes on', async () => {
    stage = await startStage({ gateway: { env: { VAI_LIMIT_TEXT_BYTES: '30000' } } })
    const talk = await stage.talk()
    expect(await refusalOf(talk, ' \n ')).toMatchObject({ code: 'invalid_message', param: 'content', close: false })
    const tooLong = { code: 'invalid_message', param: 'content', issues: [{ code: 'too_large' }], close: false }
    expect(await refusalOf(talk, 'a'.repeat(20_001))).toMatchObject(tooLong)
    expect(await refusalOf(talk, [{ type: 'text', text: 'a'.repeat(20_001) }])).toMatchObject(tooLong)
    expect(stage.model.asked).toEqual([])

    talk.client.send({ type: 'input_text', content: 'a'.repeat(19_000) })
    expect(await talk.turnOver()).toMatchObject({ type: 'turn_complete', stop_reason: 'end_turn' })
    const refused = await refusalOf(talk, 'b'.repeat(19_000))
    expect(refused).toMatchObject({ code: 'history_too_long', scope: 'session', retryable: false, close: false })
    expect(refused.message).toContain('Begin a new session')
    expect(await refusalOf(talk, [{ type: 'text', text: 'b'.repeat(19_000) }])).toMatchObject({ code: 'history_too_long' })
    talk.client.send({ type: 'input_text', content: 'Are you still there?' })
    expect(await talk.turnOver(2)).toMatchObject({ type: 'turn_complete', stop_reason: 'end_turn' })
    expect(stage.model.asked).toHaveLength(2)
    expect(await stage.leftovers()).toEqual([])
  })

  it('that the model refuses is not asked with again', async () => {
    const instead = anthropicError('invalid_request_error', 'messages.0.content.0.image: Could not process image')
    stage = await startStage({ model: 'anthropic', answers: [{ instead }, { say: 'Hello.' }] })
    const talk = await stage.talk()
    talk.client.send({ type: 'input_text', content: 'What is in this broken picture?' })
    expect(await talk.turnOver()).toMatchObject({ type: 'turn_complete', stop_reason: 'error', append: [] })
    expect(talk.client.of('error')).toMatchObject([{ scope: 'turn', close: false }])
    talk.client.send({ type: 'input_text', content: 'Never mind.' })
    const over = await talk.turnOver(2)
    expect(over).toMatchObject({ type: 'turn_complete', stop_reason: 'end_turn' })
    expect(JSON.stringify(over)).not.toContain('broken picture')
    expect(stage.model.asked.at(-1)).toEqual(['user: Never mind.'])
    expect(await stage.leftovers()).toEqual([])
  })

  it('that comes too often fails, and says so', async () => {
    stage = await startStage({ gateway: { env: { VAI_LIMIT_REQUESTS_PER_MINUTE: '3', VAI_LIMIT_REQUESTS_BURST: '3' } } })
    // To open the socket was the first.
    const talk = await stage.talk()
    for (let turn = 1; turn <= 2; turn++) {
      talk.client.send({ type: 'input_text', content: 'Hello?' })
      await talk.turnOver(turn)
    }
    talk.client.send({ type: 'input_text', content: 'Hello?' })
    const error = await talk.told('error')
    const type = { error_type: 'rate_limit_error', code: 'request_rate_limit' }
    expect(error).toMatchObject({ ...type, scope: 'turn', retryable: true, close: false })
    expect(error.message).toContain('send the next in')
    expect(stage.model.asked).toHaveLength(2)
    expect(await stage.leftovers()).toEqual([])
  })
})
