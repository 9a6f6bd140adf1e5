import { VAI } from '@vai/sdk'
import { WorkletMicrophone, WorkletPlayer } from '@vai/sdk/browser'
import { compared, firstSound, greatestStep, lastSound, samplesOf, tapOf } from '/sound.js'

const demo = { model: 'demo/echo', tts: { voice: 'demo/soft' } }
const rate = 24_000

/** A player that is listened to, and everything that is told of a session. */
class Stage {
  told = []
  marks = []
  sounds = []
  said = 'This is a long answer that goes on for quite some time, so that somebody can interrupt it before it is over.'

  static async of(url) {
    const stage = new Stage()
    stage.vai = new VAI({ baseURL: url })
    stage.context = new AudioContext({ sampleRate: rate })
    stage.tap = await tapOf(stage.context)
    // So much that no machine is too busy for it.
    const options = { context: stage.context, destination: stage.tap.node, bufferMs: 500 }
    stage.player = new ListenedPlayer(options, (order) => stage.tap.note(order))
    return stage
  }

  async connect(params = {}, options = {}) {
    this.session = await this.vai.live.connect(
      { ...demo, ...params },
      {
        player: this.player,
        prepare: (session) => {
          session.on('*', (event) => this.told.push(event))
          session.on('audio', ({ sound }) => this.sounds.push(sound.slice()))
          session.on('sent', (message) => message.type === 'playback_mark' && this.marks.push(message))
        },
        ...options,
      },
    )
    return this.session
  }

  /** Resolves with the first event of a type, past or to come. */
  event(type, fits = () => true) {
    const known = this.told.find((event) => event.type === type && fits(event))
    return known
      ? Promise.resolve(known)
      : new Promise((resolve) => this.session.on(type, (event) => fits(event) && resolve(event)))
  }

  of(type) {
    return this.told.filter((event) => event.type === type)
  }

  /** Ends the session, and says what there was to be heard. */
  async end() {
    const { played_text } = await this.event('turn_complete')
    await this.session.end()
    const { samples, notes } = await this.tap.take()
    await this.context.close()
    const sent = samplesOf(this.sounds)
    const reset = notes.find(({ name }) => name === 'reset')
    return {
      played_text,
      said: this.said,
      texts: this.of('assistant_text_delta').map(({ text }) => text),
      marks: this.marks,
      compared: compared(samples, sent),
      sent: sent.length,
      until: lastSound(samples) + 1 - firstSound(samples) + firstSound(sent),
      warnings: this.told.filter(({ type }) => type === 'warning' || type === 'error').map(({ code }) => code),
      underruns: this.player.underruns,
      ...(reset && { afterReset: Math.max(0, lastSound(samples) + 1 - reset.at) }),
      greatestStep: greatestStep(samples.subarray(firstSound(samples))),
      sentGreatestStep: greatestStep(sent),
      reason: this.of('audio_reset')[0]?.reason,
      orders: notes.map(({ name }) => name),
      soundsWhileHeld: soundsBetween('hold', 'go', samples, notes),
    }
  }
}

class ListenedPlayer extends WorkletPlayer {
  constructor(options, onOrder) {
    super(options)
    this.onOrder = onOrder
  }

  reset(id) {
    super.reset(id)
    this.onOrder('reset')
  }

  hold() {
    super.hold()
    this.onOrder('hold')
  }

  go() {
    super.go()
    this.onOrder('go')
  }
}

/** Whether anything sounds from the quantum behind one order to the next other, or to the end; undefined where there was none. */
function soundsBetween(order, other, samples, notes) {
  const from = notes.find(({ name }) => name === order)?.at
  if (from === undefined) return undefined
  const until = notes.find(({ name, at }) => name === other && at > from)?.at
  return samples.subarray(from + 128, until).some((sample) => sample !== 0)
}

/** Somebody speaks into the microphone, and is answered. */
export async function talk({ url }) {
  const stage = await Stage.of(url)
  await stage.connect({ stt: { model: 'demo/meter' } }, { microphone: new WorkletMicrophone() })
  const { text } = await stage.event('utterance_final')
  return { understood: text, ...(await stage.end()) }
}

/** The user presses a button while the assistant speaks. */
export async function interrupted({ url }) {
  const stage = await Stage.of(url)
  const session = await stage.connect()
  session.say(stage.said)
  await new Promise((resolve) =>
    session.on('sent', ({ type, played_ms }) => type === 'playback_mark' && played_ms > 800 && resolve()),
  )
  session.interrupt()
  return stage.end()
}

/** Somebody begins to speak while the assistant does. */
export async function bargedIn({ url }) {
  const stage = await Stage.of(url)
  const room = new AudioContext()
  const voice = new OscillatorNode(room, { frequency: 300 })
  const mouth = new GainNode(room, { gain: 0 })
  const ear = room.createMediaStreamDestination()
  voice.connect(mouth).connect(ear)
  voice.start()
  const microphone = new WorkletMicrophone({ stream: ear.stream })
  const session = await stage.connect({ stt: { model: 'demo/meter' }, turn: { grace_ms: 0 } }, { microphone })
  session.say(stage.said)
  await stage.event('playback_began')
  mouth.gain.value = 0.3
  await stage.event('audio_reset')
  const end = await stage.end()
  await room.close()
  return end
}

/** The line is cut in the middle of the answer. */
export async function cut({ url }) {
  const stage = await Stage.of(url)
  stage.said = 'I come back and say what is left of it.'
  const session = await stage.connect()
  session.say(stage.said)
  await new Promise((resolve) =>
    session.on('sent', ({ type, played_ms }) => type === 'playback_mark' && played_ms > 800 && resolve()),
  )
  await globalThis.cutLine()
  const end = await stage.end()
  return { ...end, lines: stage.told.flatMap(({ type }) => (type.startsWith('connection_') ? [type] : [])) }
}

export async function refused({ url }) {
  const player = new WorkletPlayer()
  const error = await new VAI({ baseURL: url }).live.connect(demo, { player }).catch((error) => error)
  return { name: error.name, isPlayerClosed: player.context.state === 'closed' }
}
