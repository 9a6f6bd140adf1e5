import { VAI } from '@vai/sdk'
import { playSound, SoundError, WorkletMicrophone, WorkletPlayer } from '@vai/sdk/browser'
import { compared, firstSound, greatestStep, lastSound, level, samplesOf, steady, tapOf } from '/sound.js'

const greeting = { model: 'demo/echo', messages: [{ role: 'user', content: 'Good morning! It is nine.' }] }

/** An answer that is spoken, heard at the destination. */
export async function voiced({ url, format, sampleRate }) {
  const context = new AudioContext({ sampleRate })
  const tap = await tapOf(context)
  const stream = new VAI({ baseURL: url }).messages.stream({ ...greeting, voice: { output: { voice: 'demo/soft', format } } })
  const pieces = []
  async function* sounds() {
    for await (const sound of stream.audio()) {
      if (sound.bytes) pieces.push(sound.bytes)
      yield sound
    }
  }
  const played = await playSound(sounds(), { context, destination: tap.node, bufferMs: 500 })
  const { samples } = await tap.take()
  await context.close()
  const [from, to] = [firstSound(samples), lastSound(samples)]
  const header = format === 'wav' ? 44 : 0
  const sent = samplesOf(pieces).subarray(header / 2)
  return {
    ...played,
    sentMs: sent.length / 24,
    soundingMs: ((to + 1 - from) * 1000) / sampleRate,
    sentSoundingMs: (lastSound(sent) + 1 - firstSound(sent)) / 24,
    level: level(samples.subarray(from, to)),
    sentLevel: level(sent.subarray(firstSound(sent), lastSound(sent))),
    ...(sampleRate === 24_000 && { same: compared(samples, sent).same / 24 }),
  }
}

function spoken(url, voice, content) {
  const params = { model: 'demo/echo', messages: [{ role: 'user', content }], voice: { output: { voice, format: 'pcm' } } }
  return new VAI({ baseURL: url }).messages.stream(params)
}

/** An answer whose voice fails in the middle. */
export async function voiceFails({ url, voice, unspeakable }) {
  const stream = spoken(url, voice, `This is said. This is ${unspeakable}. This is written all the same.`)
  const { played_ms, unavailable } = await playSound(stream.audio())
  return { played_ms, code: unavailable?.code, text: await stream.finalText() }
}

/** An answer whose sound is broken off while the rest of it is waited for. */
export async function soundAborted({ url, voice, endless }) {
  const stream = spoken(url, voice, `This is said. This is ${endless}.`)
  const sounds = stream.audio()
  const controller = new AbortController()
  let pieces = 0
  let isLeft = false
  const watched = {
    next() {
      const next = sounds.next()
      if (pieces++ > 0) setTimeout(() => controller.abort())
      return next
    },
    return() {
      isLeft = true
      return sounds.return()
    },
    [Symbol.asyncIterator]: () => watched,
  }
  const nameOf = (error) => error.name
  const played = await playSound(watched, { signal: controller.signal }).catch(nameOf)
  return { played, isLeft, answer: isLeft ? await stream.finalText().catch(nameOf) : undefined }
}

/** What a player does at a reset in the middle of sound that is as even as can be, so that every frame of it counts. */
export async function reset({ sampleRate, rate = 24_000, afterMs = 300 }) {
  const context = new AudioContext({ sampleRate })
  const tap = await tapOf(context)
  const player = new WorkletPlayer({ context, destination: tap.node })
  const marks = []
  const began = []
  const stopped = new Promise((resolve) => {
    player.open(
      { encoding: 'pcm_s16le', sample_rate_hz: rate },
      {
        mark(mark) {
          marks.push(mark)
          if (mark.state === 'playing' && mark.played_ms >= afterMs) {
            player.reset('a')
            tap.note('reset')
          }
          if (mark.state === 'stopped') resolve()
        },
        began: (id, inMs) => began.push({ id, inMs }),
        failed: (why) => marks.push({ why }),
      },
    )
  })
  player.begin('a')
  player.give('a', steady(0.25, rate * 2))
  player.end('a')
  await stopped
  // Behind this everything is heard that was rendered before.
  await player.close()
  const { samples, notes } = await tap.take()
  await context.close()
  const [from, to] = [firstSound(samples), lastSound(samples)]
  return {
    marks,
    began,
    sounded: to + 1 - from,
    afterReset: Math.max(0, to + 1 - notes[0].at),
    greatestStep: greatestStep(samples.subarray(from + 1)),
    underruns: player.underruns,
  }
}

/** Two segments to their ends, while nothing is sent for a moment. */
export async function segments({ sampleRate }) {
  const context = new AudioContext({ sampleRate })
  const tap = await tapOf(context)
  const player = new WorkletPlayer({ context, destination: tap.node })
  const marks = []
  await new Promise((resolve) => {
    player.open(
      { encoding: 'mulaw', sample_rate_hz: 8000 },
      {
        mark(mark) {
          marks.push(mark)
          if (mark.assistant_audio_id === 'b' && mark.state === 'finished') resolve()
        },
        began: () => undefined,
        failed: resolve,
      },
    )
    player.begin('a')
    player.give('a', new Uint8Array(2400).fill(0x10))
    player.end('a')
    player.begin('b')
    player.give('b', new Uint8Array(1600).fill(0x10))
    player.end('b')
  })
  await player.close()
  const { samples } = await tap.take()
  await context.close()
  return { marks, soundedMs: ((lastSound(samples) + 1 - firstSound(samples)) * 1000) / sampleRate }
}

/** A context that is suspended in the middle, as by a telephone call, and goes on. */
export async function suspended() {
  const context = new AudioContext({ sampleRate: 24_000 })
  const player = new WorkletPlayer({ context })
  const states = []
  const last = await new Promise((resolve) => {
    player.open(
      { encoding: 'pcm_s16le', sample_rate_hz: 24_000 },
      {
        mark(mark) {
          if (mark.state === 'playing' && !states.includes('paused')) void context.suspend()
          if (mark.state === 'paused') void context.resume()
          if (states.at(-1) !== mark.state) states.push(mark.state)
          if (mark.state === 'finished') resolve(mark)
        },
        began: nothing,
        failed: resolve,
      },
    )
    player.begin('a')
    player.give('a', steady(0.1, 24_000))
    player.end('a')
  })
  await player.close()
  const isStillOpen = context.state === 'running'
  await context.close()
  return { states, last, isStillOpen }
}

/** Sound that nobody asked for, and a context that somebody closes. */
export async function broken() {
  const format = { encoding: 'pcm_s16le', sample_rate_hz: 24_000 }
  const whys = []
  const flooded = new WorkletPlayer()
  flooded.open(format, { mark: nothing, began: nothing, failed: (why) => whys.push(why) })
  flooded.begin('a')
  for (let second = 0; second < 70; second++) flooded.give('a', steady(0.1, 24_000))
  const context = new AudioContext()
  const left = new WorkletPlayer({ context })
  await left.ready
  const failed = new Promise((resolve) => left.open(format, { mark: nothing, began: nothing, failed: resolve }))
  await context.close()
  whys.push(await failed)
  await Promise.all([flooded.close(), left.close()])
  return { codes: [flooded.failure.code, left.failure.code], whys }
}

/** A page on which nobody has done anything. */
export async function untouched() {
  // Nothing happens while it waits, so that it need not take as long as with people.
  const { setTimeout } = globalThis
  globalThis.setTimeout = (run, ms) => setTimeout(run, ms / 10)
  const player = new WorkletPlayer()
  const whys = []
  player.open(
    { encoding: 'pcm_s16le', sample_rate_hz: 24_000 },
    { mark: nothing, began: nothing, failed: (why) => whys.push(why) },
  )
  const error = await player.ready.catch((error) => error)
  await player.close()
  return { code: error.code, isSoundError: error instanceof SoundError, whys, state: player.context.state }
}

/** What goes wrong with players and microphones, by its codes. */
export async function soundFailures() {
  const listener = { sound: nothing, failed: nothing }
  const missing = new WorkletPlayer({ workletURL: '/nowhere.js' })
  const closed = new AudioContext()
  await closed.close()
  const silent = new MediaStream()
  const getUserMedia = navigator.mediaDevices.getUserMedia
  const denied = async (name) => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name))
    const code = await codeOf(new WorkletMicrophone().start(listener))
    navigator.mediaDevices.getUserMedia = getUserMedia
    return code
  }
  const result = {
    missing: await codeOf(missing.ready),
    closed: await codeOf(new WorkletPlayer({ context: closed }).ready),
    silent: await codeOf(new WorkletMicrophone({ stream: silent }).start(listener)),
    denied: await denied('NotAllowedError'),
    none: await denied('NotFoundError'),
    inUse: await denied('NotReadableError'),
    aborted: await playSound([], { signal: AbortSignal.abort() }).catch((error) => error.name),
    rate: await codeOf((async () => new WorkletPlayer({ sampleRate: 1 }))()),
    mp3: await codeOf(playSound([{ bytes: new Uint8Array(4), format: 'mp3' }])),
  }
  await missing.close()
  return result
}

/** Players that play through what they cannot. */
export async function wrongDestination() {
  const nodes = []
  const { AudioWorkletNode } = globalThis
  globalThis.AudioWorkletNode = class extends AudioWorkletNode {
    constructor(...args) {
      super(...args)
      nodes.push(this)
    }
  }
  const context = new AudioContext()
  const elsewhere = new AudioContext()
  const { destination } = elsewhere
  const errorOf = (options) => {
    try {
      return new WorkletPlayer(options)
    } catch (error) {
      return error.name
    }
  }
  const player = new WorkletPlayer({ context, destination: { context } })
  const broken = await codeOf(player.ready)
  globalThis.AudioWorkletNode = AudioWorkletNode
  const [{ port }] = nodes
  const left = await new Promise((resolve) => {
    port.onmessage = ({ data }) => resolve(data)
  })
  const result = { foreign: errorOf({ context, destination }), none: errorOf({ destination }), broken, left }
  await Promise.all([player.close(), context.close(), elsewhere.close()])
  return result
}

/** A player that is used again. */
export async function closedPlayer() {
  const player = new WorkletPlayer()
  const ready = codeOf(player.ready)
  await player.close()
  const whys = []
  const format = { encoding: 'pcm_s16le', sample_rate_hz: 24_000 }
  player.open(format, { mark: nothing, began: nothing, failed: (why) => whys.push(why) })
  player.begin('a')
  player.give('a', steady(0.1, 24_000))
  return { ready: await ready, whys }
}

/** A microphone that is used again, and one that the user allows too late. */
export async function stoppedMicrophone() {
  const asked = []
  const devices = navigator.mediaDevices
  const { getUserMedia } = devices
  devices.getUserMedia = (wanted) => {
    const stream = getUserMedia.call(devices, wanted)
    asked.push(stream)
    return stream
  }
  const listener = { sound: nothing, failed: nothing }
  const again = new WorkletMicrophone()
  await again.stop()
  const result = { prepared: await codeOf(again.prepare()), started: await codeOf(again.start(listener)), asked: asked.length }
  const slow = new WorkletMicrophone()
  const late = codeOf(slow.prepare())
  await slow.stop()
  devices.getUserMedia = getUserMedia
  const stream = await asked[0]
  // Whoever waits for it as well has had it by the next task.
  await new Promise((resolve) => setTimeout(resolve))
  return { ...result, late: await late, tracks: stream.getTracks().map(({ readyState }) => readyState) }
}

/** What the microphone gives, and what is left of it in the end; also in a browser that connects it to contexts of its own rate alone. */
export async function microphone({ sampleRate, frames, isStrict }) {
  const { createMediaStreamSource } = AudioContext.prototype
  if (isStrict)
    AudioContext.prototype.createMediaStreamSource = function (stream) {
      if (this.sampleRate === sampleRate) throw new DOMException('', 'NotSupportedError')
      return createMediaStreamSource.call(this, stream)
    }
  const microphone = new WorkletMicrophone({ sampleRate })
  const stream = await microphone.prepare()
  const sounds = []
  await new Promise((resolve, reject) => {
    microphone
      .start({
        sound: (bytes) => sounds.push(bytes.slice()) === frames && resolve(),
        failed: reject,
      })
      .catch(reject)
  })
  await microphone.stop()
  const samples = samplesOf(sounds)
  return {
    format: microphone.format,
    lengths: [...new Set(sounds.map(({ length }) => length))],
    tracks: stream.getTracks().map(({ readyState }) => readyState),
    level: level(samples),
  }
}

/** A stream of the page's own whose track ends. */
export async function unplugged() {
  const context = new AudioContext()
  const { stream } = context.createMediaStreamDestination()
  const [track] = stream.getTracks()
  const microphone = new WorkletMicrophone({ stream })
  const why = await new Promise((resolve, reject) => {
    microphone
      .start({
        sound: () => {
          // Only browsers end tracks; those that a page stops itself tell it nothing.
          track.dispatchEvent(new Event('ended'))
        },
        failed: resolve,
      })
      .catch(reject)
  })
  await microphone.stop()
  await context.close()
  return { why, left: track.readyState }
}

function codeOf(promise) {
  return promise.then(
    () => 'none',
    (error) => error.code,
  )
}

function nothing() {
  return undefined
}
