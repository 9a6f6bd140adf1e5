import { afterEach, describe, expect, it } from 'vitest'
import type { ModelKind } from './models.ts'
import { type Stage, startStage, type TalkOptions } from './stage.ts'

/**
 * The same conversation with every kind of vendor and of client: a question, which is gone on with, an answer that is heard whole, and
 * one that is interrupted. What was understood, what was played and what the model sees of it are asserted word by word.
 */
let stage: Stage
afterEach(async () => {
  await stage.close()
})

const first = 'It is noon in Berlin. Is there anything else?'
const second = 'The sun is shining today. Tomorrow there will be rain, and wind from the west. After that nobody knows.'
const third = 'You are welcome.'

/** The demo says 170 words a minute, of which these are fifteen. */
const demoMs = 5400

async function converse(model: ModelKind, how: TalkOptions): Promise<void> {
  stage = await startStage({ model, answers: [{ say: first }, { say: second }, { say: third }] })
  const talk = await stage.talk(how)
  await talk.says('What time is it?')
  expect(await talk.turnOver(1)).toMatchObject({ type: 'turn_complete', stop_reason: 'end_turn', played_text: first })
  await talk.says('And how is the weather?')
  // It goes on for so long that grace is over.
  if (how.speaks === 'demo') await stage.time.until(() => (talk.player.current?.playedMs ?? 0) > demoMs)
  else await talk.heard('from the west.')
  expect(stage.model.asked).toHaveLength(2)
  await talk.says('Thank you, that is enough.')
  const interrupted = await talk.turnOver(2)
  expect(interrupted).toMatchObject({ type: 'turn_complete', stop_reason: 'barge_in' })
  const heard = interrupted.type === 'turn_complete' ? interrupted.played_text : ''
  expect(heard).toContain('from the west.')
  if (how.speaks !== 'demo') expect(`${talk.player.textOf(interrupted.turn_id)} `).toContain(heard)
  expect(second.startsWith(heard)).toBe(true)
  expect(heard).not.toBe(second)
  expect(await talk.turnOver(3)).toMatchObject({ type: 'turn_complete', played_text: third })

  const told = [
    'user: What time is it?',
    `says: ${first}`,
    'result: The user heard all of it.',
    'user: And how is the weather?',
    `says: ${heard}`,
    'result: The user interrupted, and heard no more than this.',
    'user: Thank you, that is enough.',
  ]
  expect(stage.model.asked).toEqual([told.slice(0, 1), told.slice(0, 4), told])
  expect(talk.transcript).toEqual([...told, `says: ${third}`, 'result: The user heard all of it.'])
  const finals = talk.client.of('utterance_final').map(({ text }) => text)
  expect(finals).toEqual(['What time is it?', 'And how is the weather?', 'Thank you, that is enough.'])
  // Captions, as a client shows them: what is final stays, and the rest is replaced.
  const captions = talk.client.of('utterance_final').map(({ utterance_id: id }) => {
    const certain = talk.client.of('transcript_delta').filter((delta) => delta.is_final && delta.utterance_id === id)
    return certain
      .map(({ text }) => text)
      .join('')
      .trim()
  })
  expect(captions).toEqual(finals)
  expect(talk.client.of('audio_reset').map(({ reason }) => reason)).toEqual(['barge_in'])
  expect(await stage.leftovers()).toEqual([])
}

const brief = { turn: { grace_ms: 3000 } } as const

describe.each(['openai', 'anthropic'] as const)('the model is of %s', (model) => {
  it.each(['nova', 'whisper'] as const)('and %s hears', (hears) => converse(model, { ...brief, hears }))
  it.each(['flux', 'ink'] as const)('and %s hears, and says when turns end', (hears) =>
    converse(model, { hears, turn: { ...brief.turn, mode: 'semantic' } }),
  )
  it.each(['sonic', 'eleven', 'aura', 'demo'] as const)('and %s speaks', (speaks) => converse(model, { ...brief, speaks }))
})

const mulaw = { encoding: 'mulaw', rate: 8000 } as const

describe('sound goes', () => {
  it('as base64', () => converse('openai', { ...brief, features: { audio_transport: 'base64_json' } }))
  it('in MessagePack', () => converse('openai', { ...brief, isMsgpack: true }))
  it.each(['sonic', 'eleven', 'aura', 'demo'] as const)('in µ-law both ways, with the voice of %s', (speaks) =>
    converse('openai', { ...brief, speaks, audioIn: mulaw, audioOut: mulaw }),
  )
  it('in at 44.1 kHz and out at 48 kHz', () =>
    converse('openai', { ...brief, audioIn: { encoding: 'pcm', rate: 44_100 }, audioOut: { encoding: 'pcm', rate: 48_000 } }))
  it('in at 48 kHz to one who hears 16, and out at 8 kHz', () =>
    converse('openai', {
      ...brief,
      hears: 'whisper',
      audioIn: { encoding: 'pcm', rate: 48_000 },
      audioOut: { encoding: 'pcm', rate: 8000 },
    }))
  it('with times of its words', () =>
    converse('openai', { ...brief, features: { want_alignment: true, want_metrics: true, want_run_events: true } }))
})
