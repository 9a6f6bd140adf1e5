import { afterAll, beforeAll, describe } from 'vitest'
import { noChromium } from './chromium.ts'
import { testExample } from './example.ts'
import { testMessages } from './messages.ts'
import { testSessions } from './sessions.ts'
import { testSounds } from './sounds.ts'
import { type Stage, startStage } from './stage.ts'

/** The SDK in a real browser, against a real gateway. One file, so that there is one browser. */
describe.skipIf(noChromium !== '')(`the SDK in Chromium${noChromium}`, { timeout: 60_000 }, () => {
  let started: Stage | undefined
  const stage = (): Stage => {
    if (!started) throw new Error('It has not started.')
    return started
  }
  beforeAll(async () => {
    started = await startStage()
  }, 60_000)
  afterAll(() => started?.close())

  describe('messages', () => testMessages(stage))
  describe('sound', () => testSounds(stage))
  describe('a live session', () => testSessions(stage))
  describe('the example', () => testExample(stage))
})
