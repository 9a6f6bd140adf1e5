import { afterEach, describe, expect, it } from 'vitest'
import { isObject, stringOf } from '../upstreams/json.ts'
import { startOpenAiAudio } from '../upstreams/openai-audio.ts'
import type { SocketConnection } from '../upstreams/sockets.ts'
import { speechMs, speechOf } from '../upstreams/spoken-words.ts'
import { hold } from '../voice/hold.ts'
import { type Stage, startStage, type Talk } from './stage.ts'

/** What broke for users of others, over real sockets, with a player that knows what was heard. */
let stage: Stage
afterEach(async () => {
  await stage.close()
})

const long = 'This is the first sentence of the answer. Then there is the second one, which is longer. And here is the third.'
const sharp = { turn: { grace_ms: 0 } } as const

async function asks(talk: Talk, question = 'Please tell me everything.'): Promise<void> {
  await talk.says(question)
  await talk.told('utterance_final', talk.client.of('utterance_final').length + 1)
}

function playedIn(turn: Awaited<ReturnType<Talk['turnOver']>>): string {
  return turn.type === 'turn_complete' ? turn.played_text.trim() : ''
}

describe('an interruption', () => {
  it('before anything was heard leaves nothing of the answer, and the session goes on', async () => {
    stage = await startStage({ answers: [{ say: long }, { say: 'Yes.' }] })
    const talk = await stage.talk({ ...sharp, bufferMs: 10_000 })
    await asks(talk)
    await talk.told('assistant_audio_start')
    await stage.time.run(500)
    expect(talk.player.current?.gotMs).toBeGreaterThan(500)
    expect(talk.player.current?.playedMs).toBe(0)
    await talk.says('Stop it right there.')
    expect(await talk.turnOver()).toMatchObject({ type: 'turn_cancelled', reason: 'barge_in' })
    expect(await talk.turnOver(2)).toMatchObject({ played_text: 'Yes.' })
    expect(stage.model.asked[1]).toEqual(['user: Please tell me everything.', 'user: Stop it right there.'])
    expect(await stage.leftovers()).toEqual([])
  })

  it('keeps what was played, and not what was sent', async () => {
    stage = await startStage({ answers: [{ say: long }, { say: 'Yes.' }] })
    const talk = await stage.talk(sharp)
    await asks(talk)
    await talk.heard('second one, which')
    const { current } = talk.player
    expect((current?.gotMs ?? 0) - (current?.playedMs ?? 0)).toBeGreaterThan(800)
    talk.client.send({ type: 'control', op: 'interrupt' })
    const heard = playedIn(await talk.turnOver())
    expect(heard).toBe(talk.player.textOf('turn_1'))
    expect(long.startsWith(heard)).toBe(true)
    expect(await stage.leftovers()).toEqual([])
  })

  it('resets the sound at once, also where all of it was made long ago, and nothing comes after that', async () => {
    stage = await startStage({ answers: [{ say: long }, { say: 'Yes.' }] })
    const talk = await stage.talk(sharp)
    await asks(talk)
    await talk.told('assistant_audio_end')
    await talk.says('Hold on, please.')
    await talk.told('audio_reset')
    const [segment] = talk.player.segments
    const gotMs = segment?.gotMs
    const heard = playedIn(await talk.turnOver())
    expect(talk.player.textOf('turn_1')).toBe(heard)
    expect(segment?.gotMs).toBe(gotMs)
    // What was played after the first word of the interruption is a moment.
    expect(talk.client.of('audio_reset')).toHaveLength(1)
    await talk.turnOver(2)
    expect(await stage.leftovers()).toEqual([])
  })

  it('is not fooled by marks that come back after the reset as if all had been played', async () => {
    stage = await startStage({ answers: [{ say: long }, { say: 'Yes.' }] })
    const talk = await stage.talk(sharp)
    await asks(talk)
    await talk.heard('This is the first')
    talk.player.isMute = true
    const [segment] = talk.player.segments
    talk.client.send({ type: 'control', op: 'interrupt' })
    await talk.told('audio_reset')
    const all = { type: 'playback_mark', assistant_audio_id: segment?.id, played_ms: segment?.gotMs, buffered_ms: 0 }
    for (const state of ['playing', 'finished']) talk.client.send({ ...all, state })
    const heard = playedIn(await talk.turnOver())
    expect(heard).not.toBe('')
    expect(`${talk.player.textOf('turn_1')} `).toContain(`${heard} `)
    expect(await stage.leftovers()).toEqual([])
  })

  it('keeps whole sentences alone where nobody tells what was played', async () => {
    stage = await startStage({ answers: [{ say: long }, { say: 'Yes.' }] })
    const talk = await stage.talk({ ...sharp, features: { send_playback_marks: false } })
    await asks(talk)
    await talk.heard('second one, which')
    await talk.says('Thank you, enough.')
    expect(playedIn(await talk.turnOver())).toBe('This is the first sentence of the answer.')
    expect(await talk.turnOver(2)).toMatchObject({ played_text: 'Yes.' })
    expect(await stage.leftovers()).toEqual([])
  })

  it('again and again never has more contexts at ElevenLabs than that takes', async () => {
    stage = await startStage({ answers: [{ say: long }] })
    const talk = await stage.talk({ ...sharp, speaks: 'eleven' })
    for (let turn = 1; turn <= 8; turn++) {
      await asks(talk)
      await talk.told('assistant_audio_start', turn)
      await stage.time.run(turn * 60)
      talk.client.send({ type: 'control', op: 'interrupt' })
      await talk.turnOver(turn)
    }
    expect(talk.client.of('warning')).toEqual([])
    expect(stage.elevenlabs.sockets.length).toBeLessThanOrEqual(2)
    expect(await stage.leftovers()).toEqual([])
  })

  it('lets nothing of the old answer into the next, whatever the vendor still sends', async () => {
    stage = await startStage({ answers: [{ say: long }, { say: 'Only this is said.' }], sonic: { strays: true } })
    const talk = await stage.talk(sharp)
    await asks(talk)
    await talk.heard('This is')
    await talk.says('Something else, please.')
    await talk.turnOver(2)
    expect(talk.player.textOf('turn_2')).toBe('Only this is said.')
    expect(talk.player.segments.at(-1)?.playedMs).toBe(speechMs('Only this is said.'))
    expect(await stage.leftovers()).toEqual([])
  })

  it('before the voice has begun does not wedge it', async () => {
    const first = hold()
    let isFirst = true
    const pace = (): Promise<void> | undefined => {
      const waiting = isFirst ? first.released : undefined
      isFirst = false
      return waiting
    }
    stage = await startStage({ answers: [{ say: long }, { say: 'Now it speaks.' }], sonic: { pace } })
    const talk = await stage.talk(sharp)
    await asks(talk)
    await talk.told('assistant_text_delta')
    await stage.time.run(400)
    await talk.says('Are you there?')
    first.release()
    expect(await talk.turnOver(1)).toMatchObject({ type: 'turn_cancelled' })
    expect(await talk.turnOver(2)).toMatchObject({ played_text: 'Now it speaks.' })
    expect(await stage.leftovers()).toEqual([])
  })
})

describe('an answer', () => {
  it('is not emptied where it was heard, with marks and without', async () => {
    stage = await startStage({ answers: [{ say: long }] })
    for (const marks of [true, false]) {
      const talk = await stage.talk({ features: { send_playback_marks: marks } })
      await asks(talk)
      expect(playedIn(await talk.turnOver())).toBe(long)
      expect(talk.player.textOf()).toBe(long)
    }
    expect(await stage.leftovers()).toEqual([])
  })

  it('whose voice stalls for good is told as text, and the session listens on', async () => {
    stage = await startStage({
      answers: [{ say: 'Nobody can say this.' }, { say: 'Nor this.' }],
      sonic: { fault: () => 'stalls' },
    })
    const talk = await stage.talk()
    await asks(talk)
    expect(await talk.told('audio_unavailable')).toMatchObject({ text: 'Nobody can say this.' })
    await talk.turnOver(1)
    await asks(talk, 'And what about this?')
    await talk.turnOver(2)
    expect(await stage.leftovers()).toEqual([])
  })

  it('has its end, also where its sound is resampled', async () => {
    const speaker = await startOpenAiAudio({
      speaks: ({ json }) => ({ sound: speechOf(isObject(json) ? stringOf(json.input) : '', { encoding: 'pcm', rate: 24_000 }) }),
    })
    stage = await startStage({
      model: 'anthropic',
      answers: [{ say: 'The very last word of it is heard.' }],
      gateway: { env: { VAI_OPENAI_BASE_URL: `${speaker.url}/v1` } },
    })
    for (const rate of [8000, 16_000, 48_000]) {
      const how = { hello: { tts: { voice: 'openai/alloy' } }, headers: { 'x-provider-key-openai': 'sk-test-openai-audio' } }
      const talk = await stage.talk({ ...how, audioOut: { encoding: 'pcm', rate } })
      await asks(talk)
      await talk.turnOver()
      expect(talk.player.textOf()).toBe('The very last word of it is heard.')
      const lost = speechMs('The very last word of it is heard.') - (talk.player.segments[0]?.playedMs ?? 0)
      expect(Math.abs(lost)).toBeLessThan(1)
    }
    expect(await stage.leftovers()).toEqual([])
    await speaker.close()
  })
})

describe('who hears', () => {
  const words = 'Every word of this has to be understood, and none of them twice.'

  it.each<[string, (connection: SocketConnection) => void]>([
    ['breaks', (connection) => connection.drop()],
    ['closes without a code', (connection) => connection.close()],
    ['closes as if all had been said', (connection) => connection.close(1000)],
    ['closes with an error', (connection) => connection.close(1011, 'NET-0000')],
  ])('may be lost: the socket %s', async (_, lose) => {
    let isLost = false
    const disturb = (connection: SocketConnection, heardMs: number): boolean => {
      if (isLost || heardMs < 1500) return false
      isLost = true
      lose(connection)
      return true
    }
    stage = await startStage({ hears: { disturb } })
    for (const hears of ['nova', 'whisper'] as const) {
      isLost = false
      const talk = await stage.talk({ hears })
      await talk.says(words)
      await talk.turnOver()
      expect(
        talk.client.of('utterance_final').map(({ text }) => text),
        hears,
      ).toEqual([words])
      expect(isLost).toBe(true)
    }
    expect(await stage.leftovers()).toEqual([])
  })

  it('may be lost behind words that were certain, and what is said after that does not grow together with them', async () => {
    let isToBeLost = false
    const disturb = (connection: SocketConnection): boolean => {
      if (!isToBeLost) return false
      isToBeLost = false
      connection.drop()
      return true
    }
    stage = await startStage({ hears: { disturb } })
    const talk = await stage.talk()
    talk.person.say('These words are certain,').pause(400).say('and these are said after that.')
    await stage.time.until(() => talk.client.of('transcript_delta').some(({ is_final: isFinal }) => isFinal))
    isToBeLost = true
    await talk.turnOver()
    expect(stage.model.asked).toEqual([['user: These words are certain, and these are said after that.']])
    expect(await stage.leftovers()).toEqual([])
  })

  it('may be lost behind a turn that it ended itself, and does not end that once more', async () => {
    let isToBeLost = false
    const disturb = (connection: SocketConnection): boolean => {
      if (!isToBeLost) return false
      isToBeLost = false
      connection.drop()
      return true
    }
    stage = await startStage({ answers: [{ say: 'Yes.' }], hears: { disturb } })
    const talk = await stage.talk({ hears: 'ink', turn: { mode: 'semantic', grace_ms: 0 } })
    await talk.says('This is the first question.')
    await talk.turnOver(1)
    talk.person.say('And here comes another one.')
    await stage.time.until(() => talk.client.of('transcript_delta').some(({ text }) => text.includes('And here comes')))
    isToBeLost = true
    await talk.turnOver(2)
    expect(talk.client.of('utterance_final').map(({ text }) => text)).toEqual([
      'This is the first question.',
      'And here comes another one.',
    ])
    expect(await stage.leftovers()).toEqual([])
  })

  it('may fall silent with its socket open', async () => {
    stage = await startStage({ hears: { disturb: ({ opening }, heardMs) => opening.index === 0 && heardMs > 1500 } })
    const talk = await stage.talk()
    const all = `${words} Nor may any of them be lost, although nobody was listening for quite a while.`
    await talk.says(all)
    await talk.turnOver()
    expect(talk.client.of('warning').map(({ code }) => code)).toEqual(['stt_reconnecting'])
    expect(stage.model.asked).toEqual([[`user: ${all}`]])
    expect(await stage.leftovers()).toEqual([])
  })

  it('is heard from the first word on, although it is reached only later', async () => {
    let refusals = 3
    stage = await startStage({ refuses: () => (refusals-- > 0 ? { status: 503, body: '{}' } : undefined) })
    const talk = await stage.talk()
    await talk.says(words)
    await talk.turnOver()
    expect(stage.model.asked).toEqual([[`user: ${words}`]])
    expect(await stage.leftovers()).toEqual([])
  })

  it('ends a turn that was begun before the microphone was muted', async () => {
    stage = await startStage()
    for (const how of [{ hears: 'nova' }, { hears: 'flux', turn: { mode: 'semantic' } }] as const) {
      const talk = await stage.talk(how)
      talk.person.say('This is said before, and this after.')
      await stage.time.until(() => talk.client.of('transcript_delta').some(({ text }) => text.includes('before,')))
      talk.client.send({ type: 'control', op: 'mute' })
      await talk.turnOver()
      expect(talk.client.of('utterance_final').map(({ text }) => text)).toEqual(['This is said before,'])
    }
    expect(await stage.leftovers()).toEqual([])
  })

  it('is sent the sound once, and no file of it', async () => {
    stage = await startStage()
    const talk = await stage.talk()
    await talk.says(words)
    await talk.turnOver()
    expect(stage.deepgram.requests).toEqual([])
    const seconds = stage.deepgram.sockets
      .flatMap(({ received }) => received)
      .reduce((sum, each) => sum + (typeof each === 'string' ? 0 : each.length / 32_000), 0)
    expect(seconds * 1000).toBeLessThanOrEqual(stage.time.now)
    talk.client.send({ type: 'control', op: 'end_session' })
    expect((await talk.told('session_end')).usage.seconds_heard).toBeCloseTo(seconds, 1)
    expect(await stage.leftovers()).toEqual([])
  })
})

describe('a loudspeaker', () => {
  const rate = { encoding: 'pcm', rate: 16_000 } as const

  it.each(['words', 'energy'] as const)(
    'that is heard by the microphone interrupts nobody, and a person does, by %s',
    async (interruption) => {
      stage = await startStage({ answers: [{ say: long }] })
      const talk = await stage.talk({ audioOut: rate, features: { client_has_aec: false }, turn: { grace_ms: 0, interruption } })
      const { player, person, client } = talk
      person.echo = { played: () => player.lastPlayed, factor: 0.2 }
      await asks(talk)
      expect(await talk.turnOver()).toMatchObject({ stop_reason: 'end_turn' })
      expect(player.textOf()).toBe(long)
      expect(client.of('audio_reset')).toEqual([])
      await stage.time.run(1000)
      await asks(talk, 'And now for something else.')
      await stage.time.until(() => player.textOf('turn_2').includes('This is the first'))
      person.echo = undefined
      await talk.says('That will be enough, thanks.')
      expect(await talk.turnOver(2)).toMatchObject({ stop_reason: 'barge_in' })
      expect(await talk.turnOver(3)).toMatchObject({ stop_reason: 'end_turn' })
      expect(client.of('utterance_final')[1]).toMatchObject({ text: 'And now for something else.' })
      expect(client.of('utterance_final')[2]?.text).toMatch(/That will be enough, thanks\.$/)
      expect(await stage.leftovers()).toEqual([])
    },
  )

  it('that is heard by the microphone asks nothing, also where the answer was short', async () => {
    stage = await startStage({ answers: [{ say: 'Yes.' }] })
    const talk = await stage.talk({ audioOut: rate, features: { client_has_aec: false } })
    const { player, person, client } = talk
    person.echo = { played: () => player.lastPlayed, factor: 0.2 }
    await asks(talk, 'Are you there?')
    await talk.turnOver()
    await stage.time.run(3000)
    expect(stage.model.asked).toHaveLength(1)
    person.echo = undefined
    await asks(talk, 'Yes.')
    await talk.turnOver(2)
    expect(client.of('utterance_final').map(({ text }) => text)).toEqual(['Are you there?', 'Yes.'])
    expect(await stage.leftovers()).toEqual([])
  })
})

describe('a cough', () => {
  it('stops the assistant for a moment where a voice is enough, and it goes on from where it was heard', async () => {
    stage = await startStage({ answers: [{ say: long }] })
    const talk = await stage.talk({ turn: { grace_ms: 0, interruption: 'energy' } })
    await asks(talk)
    // By now it is known that nothing comes back of what is played.
    await talk.heard('Then there')
    talk.person.cough(300)
    expect(await talk.told('audio_reset')).toMatchObject({ reason: 'barge_in' })
    expect(await talk.turnOver()).toMatchObject({ type: 'turn_complete', stop_reason: 'end_turn', played_text: long })
    const heard = talk.player.segments.reduce((sum, { playedMs }) => sum + playedMs, 0)
    // Sentences are spoken without the space between them.
    expect(Math.abs(heard - speechMs(long) + speechMs('  '))).toBeLessThan(1)
    expect(await stage.leftovers()).toEqual([])
  })

  it('stops nobody where words are needed, and is no question', async () => {
    stage = await startStage({ answers: [{ say: long }] })
    const talk = await stage.talk()
    talk.person.cough(500)
    await stage.time.run(3000)
    expect(stage.model.asked).toEqual([])
    await asks(talk)
    await talk.heard('This is the first')
    talk.person.cough(500)
    expect(await talk.turnOver()).toMatchObject({ stop_reason: 'end_turn', played_text: long })
    expect(talk.client.of('audio_reset')).toEqual([])
    expect(await stage.leftovers()).toEqual([])
  })
})

describe('words that go on', () => {
  it('are in the message once, however often they are gone on with', async () => {
    stage = await startStage({
      answers: [{ say: 'First answer, taken back.' }, { say: 'Second answer, taken back.' }, { say: 'Third.' }],
    })
    const talk = await stage.talk()
    await talk.says('I would like')
    await talk.told('utterance_final', 1)
    await talk.says('to go there,')
    await talk.told('utterance_final', 2)
    await talk.says('if I may.')
    await talk.turnOver(3)
    expect(stage.model.asked).toEqual([
      ['user: I would like'],
      ['user: I would like to go there,'],
      ['user: I would like to go there, if I may.'],
    ])
    expect(talk.transcript[0]).toBe('user: I would like to go there, if I may.')
    expect(await stage.leftovers()).toEqual([])
  })

  it('throw away what was begun on speculation: one answer is heard, and none is begun in the middle of a tool', async () => {
    stage = await startStage({ answers: [{ say: 'Too early.' }, { say: 'This is the only answer.' }] })
    const turn = { mode: 'semantic', speculation: true } as const
    const talk = await stage.talk({ hears: 'flux', turn })
    talk.person.say('I would like').pause(320).say('to go there.')
    await talk.turnOver()
    expect(stage.model.asked).toEqual([['user: I would like'], ['user: I would like to go there.']])
    expect(talk.player.textOf()).toBe('This is the only answer.')
    expect(talk.transcript.slice(0, 2)).toEqual(['user: I would like to go there.', 'says: This is the only answer.'])
    expect(talk.client.of('turn_cancelled')).toEqual([])
    expect(await stage.leftovers()).toEqual([])
  })
})

describe('a client that reads slowly', () => {
  it('has the reset behind no more sound than may lie unplayed', async () => {
    stage = await startStage({ answers: [{ say: `${long} ${long} ${long}` }, { say: 'Yes.' }] })
    const talk = await stage.talk(sharp)
    await asks(talk)
    await talk.heard('This is the first')
    const gotMs = talk.player.current?.gotMs ?? 0
    stage.network.refuseDownstream(true)
    await stage.time.run(4000)
    talk.client.send({ type: 'control', op: 'interrupt' })
    await stage.time.run(1000)
    stage.network.refuseDownstream(false)
    await talk.told('audio_reset')
    const [segment] = talk.player.segments
    // Its player ran dry, and its marks told so.
    expect((segment?.gotMs ?? 0) - gotMs).toBeLessThanOrEqual(1700)
    const heard = playedIn(await talk.turnOver())
    expect(long.startsWith(heard)).toBe(true)
    expect(`${talk.player.textOf('turn_1')} `).toContain(`${heard} `)
    expect(await stage.leftovers()).toEqual([])
  })
})
