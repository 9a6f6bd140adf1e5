import { afterEach, expect, it } from 'vitest'
import { type Stage, startStage } from './stage.ts'

let stage: Stage
afterEach(async () => {
  await stage.close()
})

it.each([
  // Ten seconds of hearing cost less than a tenth of a cent, and twenty cost more.
  ['hears', '0.001', undefined],
  ['speaks', '0.0002', 'This is a sentence of an answer that costs more than there is.'],
])('a session that %s is over once it has spent what it may, and says so', async (_, dollars, answer) => {
  stage = await startStage({
    answers: [{ say: answer ?? 'Hello.' }],
    gateway: { env: { VAI_LIMIT_COST_PER_DAY_USD: dollars } },
  })
  const talk = await stage.talk()
  if (answer !== undefined) talk.client.send({ type: 'input_text', content: 'Say something, please.' })
  await stage.time.until(() => talk.client.closed !== undefined, { withinMs: 60_000 })
  expect(talk.client.told.slice(-2)).toMatchObject([
    { type: 'error', scope: 'session', error_type: 'rate_limit_error', code: 'daily_cost_limit', close: true },
    { type: 'session_end', reason: 'limit', usage: {} },
  ])
  expect(talk.client.closed).toMatchObject({ code: 1008 })
  expect(await stage.leftovers()).toEqual([])
})
