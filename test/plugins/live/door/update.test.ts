import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deepgramKey, ownTool, type Planning, pcm16, problemsOf, startPlanning } from './planning.ts'

let keyed: Planning
beforeAll(async () => {
  keyed = await startPlanning({ keys: { deepgram: deepgramKey } })
})
afterAll(() => keyed.close())

describe('an update', () => {
  const tools = { client_tools: [ownTool('open_door')], server_tools: ['vai_web_fetch'] }
  const begin = () =>
    keyed.plan({
      audio_in: pcm16,
      system: 'Be brief.',
      tools,
      stt: { model: 'deepgram/nova-3', language: 'de' },
      turn: { silence_ms: 900, thresholds: { min_characters: 2 } },
      messages: [{ role: 'user', content: 'Hi' }],
    })

  it('changes what it names, and nothing else', async () => {
    const plan = await begin()
    const next = await keyed.update(
      { turn: { grace_ms: 100, thresholds: { min_confidence: 0.2 } }, tools: { max_tool_calls: 1 } },
      plan,
    )
    expect(next.rules.turn).toEqual({
      ...plan.rules.turn,
      graceMs: 100,
      thresholds: { ...plan.rules.turn.thresholds, minConfidence: 0.2 },
    })
    expect(next.asking).toEqual({ ...plan.asking, maxToolCalls: 1 })
    expect(next.hearing).toBe(plan.hearing)
    expect(next.speaking).toBe(plan.speaking)
    expect(next.messages).toBe(plan.messages)
    const again = await keyed.update({ system: 'Be long.' }, next)
    expect(again.asking).toEqual({ ...next.asking, system: 'Be long.' })
    expect(again.rules).toEqual(next.rules)
  })

  it('gives another ear or another voice', async () => {
    const plan = await begin()
    const french = await keyed.update({ stt: { language: 'fr' } }, plan)
    expect(french.hearing).toMatchObject({ model: { id: 'deepgram/nova-3' }, options: { language: 'fr' } })
    const other = await keyed.update({ stt: { model: 'demo/meter' }, tts: { voice: 'demo/low' } }, french)
    expect(other.hearing).toMatchObject({ model: { id: 'demo/meter' }, options: { language: undefined } })
    expect(other.speaking.voice.voice).toBe('low')
    const louder = await keyed.update({ turn: { thresholds: { voice_least_db: -30 } } }, other)
    expect(louder.hearing?.energy).toEqual({ leastDb: -30 })
    expect(louder.hearing).not.toBe(other.hearing)
  })

  it('is refused with everything that is wrong with it', async () => {
    const plan = await begin()
    expect(await problemsOf(keyed.update({ turn: { mode: 'semantic' }, tts: { voice: 'nobody/soft' } }, plan))).toEqual([
      'turn.mode: unsupported_parameter',
      'tts.voice: unknown_provider',
    ])
  })
})
