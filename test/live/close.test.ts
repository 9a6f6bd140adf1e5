import { expect, it } from 'vitest'
import { startStage } from './stage.ts'

it('tells clients that the server restarts where it is closed without being drained', async () => {
  const stage = await startStage({ answers: [{ say: 'This is a long answer, of which the end is never heard.' }] })
  try {
    const talk = await stage.talk()
    await talk.says('Tell me something.')
    await talk.heard('long')
    await stage.gateway.app.close()
    const { client } = talk
    await stage.time.until(() => client.closed !== undefined)
    expect(client.closed).toEqual({ code: 1012, reason: 'restart' })
    expect(client.told.at(-1)).toMatchObject({ type: 'session_end', reason: 'restart' })
    expect(talk.turns).toHaveLength(1)
  } finally {
    await stage.close()
  }
})
