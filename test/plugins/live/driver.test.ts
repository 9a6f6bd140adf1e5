import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MessageParam } from '../../../api/schemas.gen.ts'
import type { LivePlan } from '../../../plugins/live/plan.ts'
import { Outbox } from '../../../plugins/live/sessions/outbox.ts'
import { Teller } from '../../../plugins/live/teller.ts'
import type { SessionRecorder } from '../../../plugins/live/watch.ts'
import { measured } from '../../measured.ts'
import { type Planning, pcm16, startPlanning } from './door/planning.ts'
import { Driven } from './driven.ts'
import { JoiningClient, TestLine } from './joining-client.ts'

let planning: Planning
let plan: LivePlan
beforeAll(async () => {
  planning = await startPlanning()
  plan = await planning.plan()
})
afterAll(() => planning.close())

const long = 'This is a very long answer, of which nobody hears the end because it takes so long to say all of it.'

/** Somebody who has heard the beginning of an answer. */
function listening(more: ConstructorParameters<typeof Driven>[2] = {}) {
  const driven = new Driven(planning, plan, { answers: () => [long], ...more })
  const client = new JoiningClient()
  const line = driven.begin(client)
  line.into?.receive({ type: 'input_text', content: 'Hello.' })
  driven.clock.advance(1000)
  line.deliver()
  return { driven, client, line }
}

describe('a client that comes back', () => {
  it.each(['the driver', 'the session'])(
    'is told in order, and once, what was due by then and is done late by %s',
    async (by) => {
      const { driven, client, line } = listening()
      line.into?.receive({ type: 'control', op: 'interrupt' })
      line.deliver()
      line.into?.lost()
      // The last mark is not waited for any longer, which the session has not noticed.
      driven.clock.holdUp(1000)
      const next = by === 'the driver' ? driven.resumeAtOnce(client) : await driven.resume(client)
      driven.clock.advance(0)
      next.deliver()
      expect(
        client.types.filter((type) => type === 'hello_ack' || type === 'turn_cancelled' || type === 'turn_complete'),
      ).toEqual(['hello_ack', 'hello_ack', 'turn_cancelled'])
      expect(client.messages).toEqual(driven.history)
      expect(driven.errors).toEqual([])
    },
  )

  it('is told that the session is over where that was due by then', async () => {
    const { driven, client, line } = listening()
    line.into?.lost()
    driven.clock.holdUp(plan.rules.limits.resumeMs)
    await expect(driven.resume(client)).rejects.toMatchObject({ code: 'unknown_session' })
    expect(driven.over).toBe('resume_expired')
  })

  it('takes the session from whoever came back at the same time', async () => {
    const { driven, client, line } = listening()
    line.into?.lost()
    const lines = await Promise.all([driven.resume(client), driven.resume(client)])
    expect(lines.map(({ closed }) => closed)).toEqual([{ code: 1008, reason: 'taken_over' }, undefined])
    lines[1]?.deliver()
    lines[1]?.into?.receive({ type: 'control', op: 'end_session' })
    lines[1]?.deliver()
    expect(client.types.at(-1)).toBe('session_end')
  })
})

describe('a client that says nothing but hello', () => {
  const lasting = (limits: Partial<LivePlan['rules']['limits']>): LivePlan => ({
    ...plan,
    rules: { ...plan.rules, limits: { ...plan.rules.limits, ...limits } },
  })

  it.each<[string, Partial<LivePlan['rules']['limits']>]>([
    ['idle', { idleMs: 60_000, totalMs: 120_000 }],
    ['limit', { idleMs: 120_000, totalMs: 60_000 }],
  ])('has its time: %s', (reason, limits) => {
    const driven = new Driven(planning, lasting(limits))
    const client = new JoiningClient()
    const line = driven.begin(client)
    driven.clock.advance(59_000)
    expect(driven.over).toBeUndefined()
    driven.clock.advance(2000)
    line.deliver()
    expect(driven.over).toBe(reason)
    expect(client.types).toEqual(['hello_ack', 'session_end'])
    expect(line.closed?.code).toBe(1000)
  })
})

describe('a line that does not flow', () => {
  it('says nothing of the one after it', async () => {
    const { driven, client, line } = listening()
    line.unsentBytes = 1e6
    line.into?.receive({ type: 'playback_mark', assistant_audio_id: 'audio_1', played_ms: 800, state: 'playing' })
    driven.clock.advance(10)
    expect(driven.driver.state.stalledAt).toBeDefined()
    line.into?.lost()
    const next = new TestLine(client)
    next.unsentBytes = 1e6
    await driven.resume(client, next)
    expect(driven.driver.state.stalledAt).toBeDefined()
  })
})

describe('what is recorded of the sound', () => {
  it('says where in all sound each frame began', async () => {
    const places: number[] = []
    const recorder = {
      input: () => undefined,
      effects: () => undefined,
      sound: (_: Uint8Array, audioMs: number) => void places.push(audioMs),
      canonical: () => undefined,
      close: () => Promise.resolve(),
    }
    const hearing = await planning.plan({ audio_in: pcm16, stt: { model: 'demo/meter' } })
    const driven = new Driven(planning, hearing, { recorder })
    const line = driven.begin(new JoiningClient())
    line.into?.receive({ type: 'audio_stream_start' })
    for (const ms of [20, 20, 40, 20]) {
      driven.clock.advance(ms)
      line.into?.hear(new Uint8Array(ms * 32))
    }
    expect(places).toEqual([0, 20, 40, 80])
    expect(driven.ears.heard).toBe(4)
  })
})

describe('a session that is over', () => {
  it('is let go of although a vendor never lets go of it, and that is told', async () => {
    const { driven, client, line } = listening()
    driven.mouth.whenClosed = new Promise(() => undefined)
    line.into?.receive({ type: 'control', op: 'end_session' })
    line.deliver()
    expect(client.types.at(-1)).toBe('session_end')
    const closed = driven.driver.close()
    driven.clock.advance(4999)
    await Promise.resolve()
    expect(driven.sessions.size).toBe(1)
    driven.clock.advance(1)
    await closed
    expect(driven.sessions.size).toBe(0)
    expect(driven.errors.map((logged) => JSON.parse(logged))).toMatchObject([{ open: ['mouth'] }])
    expect(driven.clock.waiting).toBe(0)
  })

  it('tells that the server restarts where all are ended at once', async () => {
    const { driven, client, line } = listening()
    await driven.sessions.close()
    line.deliver()
    expect(client.told.at(-1)).toMatchObject({ type: 'session_end', reason: 'restart' })
    expect([line.closed, driven.over]).toEqual([{ code: 1012, reason: 'restart' }, 'restart'])
    expect(client.messages).toEqual(driven.history)
  })
})

describe('all that was said', () => {
  function recorded(): { readonly recorder: SessionRecorder; readonly told: (readonly MessageParam[])[] } {
    const told: (readonly MessageParam[])[] = []
    const recorder = {
      input: () => undefined,
      effects: () => undefined,
      sound: () => undefined,
      canonical: (messages: readonly MessageParam[]) => void told.push([...messages]),
      close: () => Promise.resolve(),
    }
    return { recorder, told }
  }

  it('is recorded at the end, also what nobody heard, and once', () => {
    const { recorder, told } = recorded()
    const { driven, line } = listening({ recorder })
    line.into?.receive({ type: 'control', op: 'interrupt' })
    driven.clock.advance(1000)
    expect(told).toEqual([])
    line.into?.receive({ type: 'control', op: 'end_session' })
    expect(told).toEqual([
      [
        { role: 'user', content: [{ type: 'text', text: 'Hello.' }] },
        { role: 'assistant', content: [{ type: 'text', text: long }] },
      ],
    ])
    expect(JSON.stringify(driven.history)).not.toContain(long)
  })

  it('is kept nowhere where there is no recording', () => {
    const { driven, line } = listening()
    line.into?.receive({ type: 'control', op: 'interrupt' })
    driven.clock.advance(1000)
    expect(driven.driver.conversation.happened).toBeUndefined()
  })
})

describe('what is measured of voices', () => {
  it('is told of who speaks, also where that is another by then', async () => {
    const { driven, line } = listening()
    const { speaking } = plan
    const provider = { ...speaking.voice.provider, id: 'another' }
    const retries = async (id: string) =>
      (await measured(planning.gateway)).value('vai_live_tts_retries_total', { provider: id, with: 'own' }) ?? 0
    driven.driver.change({ ...plan, speaking: { ...speaking, voice: { ...speaking.voice, provider } } })
    expect([await retries('demo'), await retries('another')]).toEqual([0, 0])
    driven.mouth.failures = 1
    line.into?.receive({ type: 'input_text', content: 'And now?' })
    driven.clock.advance(2000)
    expect([await retries('demo'), await retries('another')]).toEqual([0, 1])
  })
})

describe('the times of words', () => {
  it('are not even looked at where nobody wants them', () => {
    const outbox = new Outbox()
    const teller = new Teller({ features: plan.features, audioOut: plan.audioOut, outbox })
    const alignment = {
      kind: 'word',
      startMs: [],
      durationMs: [],
      get tokens(): string[] {
        throw new Error('they are copied')
      },
    } as const
    teller.sound(1, { bytes: new Uint8Array(2), ms: 1, levelDb: 0, alignment })
    expect(outbox.lastSeq).toBe(1)
  })
})
