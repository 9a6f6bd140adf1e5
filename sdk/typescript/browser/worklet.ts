/**
 * What runs on the audio thread. This module is loaded by `AudioWorklet.addModule` and therefore imports nothing: whoever puts the SDK
 * together with a bundler, or copies files, has this one to take along. Elsewhere it registers nothing and only gives out its classes.
 */

/** What a `Playback` is told. Samples are those of the context's rate, and belong to it from then on. */
export type PlaybackCommand =
  | { readonly type: 'begin' | 'end' | 'reset'; readonly id: string }
  | { readonly type: 'give'; readonly id: string; readonly samples: Float32Array<ArrayBuffer> }
  | { readonly type: 'latency'; readonly frames: number }
  | { readonly type: 'hold' | 'go' | 'close' }

/** What the audio thread tells of a segment. `frame` is the first of the quantum, on the context's clock. */
export type TimedReport = PlaybackReport & { readonly frame: number }

/** What a `Playback` tells of a segment, counted in frames. */
export interface PlaybackReport {
  readonly id: string
  /** `began`: its first frame is handed on now. `playing`: some 100 ms after the last report. `finished`: all of it was heard. `stopped`: it was reset. */
  readonly state: 'began' | 'playing' | 'finished' | 'stopped'
  /** Frames that have left the loudspeaker. Of what was stopped: that have, or cannot be taken back. */
  readonly heard: number
  /** Frames that were handed to the destination. */
  readonly handed: number
  /** How often sound came too late, since the beginning. */
  readonly underruns: number
}

export interface PlaybackOptions {
  /** Frames a second. */
  readonly rate: number
  /** So many frames are waited for before a segment begins, or goes on after sound came too late. */
  readonly bufferFrames: number
  readonly report: (report: PlaybackReport) => void
}

/**
 * Plays segments one after the other, a quantum at a time, and counts what it has handed on.
 *
 * All that was rendered, sound and silence, lies on one tape. The destination is `latency` frames behind its end: what lies before that
 * was heard. Wherever sound breaks off it fades within the quantum, as a step would be heard as a click.
 */
export class Playback {
  readonly #options: PlaybackOptions
  readonly #segments: Segment[] = []
  #tape = 0
  #latency = 0
  #reportedAt = 0
  #underruns = 0
  #isHeld = false
  /** Whether the last quantum ended in sound that goes on. */
  #isSounding = false
  #isClosing = false

  constructor(options: PlaybackOptions) {
    this.#options = options
  }

  take(command: PlaybackCommand): void {
    switch (command.type) {
      case 'begin':
        this.#segments.push(newSegment(command.id))
        return
      case 'give':
        this.#give(command.id, command.samples)
        return
      case 'end': {
        const segment = this.#find(command.id)
        if (segment) segment.isEnded = true
        return
      }
      case 'reset':
        this.#reset(command.id)
        return
      case 'latency':
        this.#latency = command.frames
        return
      case 'hold':
      case 'go':
        this.#isHeld = command.type === 'hold'
        return
      case 'close':
        this.#isClosing = true
    }
  }

  /** Whether it was closed, and what sounded has faded. */
  get isClosed(): boolean {
    return this.#isClosing && !this.#isSounding
  }

  /** Fills the next quantum. */
  render(out: Float32Array): void {
    out.fill(0)
    const wasSounding = this.#isSounding
    this.#isSounding = false
    const segment = this.#next()
    if (segment?.isReset) this.#stop(segment, out)
    else if (!this.#isHeld && !this.#isClosing) this.#play(out, wasSounding)
    else if (segment && wasSounding) this.#fade(segment, out)
    this.#tape += out.length
    this.#tell()
  }

  #find(id: string): Segment | undefined {
    return this.#segments.find((segment) => segment.id === id && !segment.isReset)
  }

  /** The one whose sound comes next. */
  #next(): Segment | undefined {
    return this.#segments.find((segment) => segment.queued > 0 || !segment.isEnded)
  }

  #give(id: string, samples: Float32Array<ArrayBuffer>): void {
    const segment = this.#find(id)
    if (!segment || samples.length === 0) return
    segment.pieces.push(samples)
    segment.queued += samples.length
  }

  #reset(id: string): void {
    const segment = this.#find(id)
    if (!segment) return
    segment.isReset = true
    // What sounds has the next quantum to fade in.
    if (!this.#isSounding || segment !== this.#next()) this.#remove(segment)
  }

  #stop(segment: Segment, out: Float32Array): void {
    this.#fade(segment, out)
    this.#remove(segment)
  }

  #remove(segment: Segment): void {
    this.#segments.splice(this.#segments.indexOf(segment), 1)
    segment.heard = segment.handed
    this.#report(segment, 'stopped')
  }

  #fade(segment: Segment, out: Float32Array): void {
    const length = Math.min(segment.queued, out.length)
    this.#move(segment, out.subarray(0, length), this.#tape)
    fadeOut(out.subarray(0, length))
  }

  #play(out: Float32Array, wasSounding: boolean): void {
    let at = 0
    while (at < out.length) {
      const segment = this.#next()
      if (!segment || !this.#mayBegin(segment)) return
      const room = out.length - at
      const runsDry = !segment.isEnded && segment.queued <= room
      const part = out.subarray(at, at + Math.min(room, segment.queued))
      const goesOn = segment.handed > 0 && !(wasSounding && at === 0)
      this.#move(segment, part, this.#tape + at)
      if (goesOn) fadeIn(part)
      if (runsDry) {
        fadeOut(part)
        this.#underruns++
        segment.isWaiting = true
        return
      }
      at += part.length
      this.#isSounding = segment.queued > 0
    }
  }

  #mayBegin(segment: Segment): boolean {
    if (segment.isEnded || segment.queued >= this.#options.bufferFrames) segment.isWaiting = false
    return !segment.isWaiting && segment.queued > 0
  }

  /** Hands the next frames of a segment on; `from` is their place on the tape. */
  #move(segment: Segment, part: Float32Array, from: number): void {
    if (segment.handed === 0 && part.length > 0) this.#report(segment, 'began')
    for (let at = 0; at < part.length; ) {
      const [piece] = segment.pieces
      if (!piece) return
      const some = piece.subarray(segment.at, segment.at + part.length - at)
      part.set(some, at)
      at += some.length
      segment.at += some.length
      if (segment.at === piece.length) {
        segment.pieces.shift()
        segment.at = 0
      }
    }
    segment.queued -= part.length
    segment.handed += part.length
    const last = segment.stretches.at(-1)
    if (last && last.from + last.frames === from) last.frames += part.length
    else if (part.length > 0) segment.stretches.push({ from, frames: part.length })
  }

  #tell(): void {
    for (;;) {
      const [segment] = this.#segments
      if (!segment) return
      hear(segment, this.#tape - this.#latency)
      // There is no line to tell it over: it is told at `go`, or by what a reset comes to.
      if (this.#isHeld) return
      if (segment.isEnded && segment.queued === 0 && segment.heard === segment.handed) {
        this.#segments.shift()
        this.#report(segment, 'finished')
        continue
      }
      if (this.#tape - this.#reportedAt < this.#options.rate / reportsPerSecond) return
      if (segment.heard > segment.told) this.#report(segment, 'playing')
      return
    }
  }

  #report(segment: Segment, state: PlaybackReport['state']): void {
    const { id, heard, handed } = segment
    if (state !== 'began') this.#reportedAt = this.#tape
    segment.told = heard
    this.#options.report({ id, state, heard, handed, underruns: this.#underruns })
  }
}

const reportsPerSecond = 10

interface Segment {
  readonly id: string
  readonly pieces: Float32Array[]
  /** Where in the first piece it goes on. */
  at: number
  queued: number
  handed: number
  heard: number
  /** Of those, the ones that were told of. */
  told: number
  /** Where on the tape lies what was handed on and may not have been heard: several stretches where sound came too late. */
  readonly stretches: { from: number; frames: number }[]
  /** Whether it waits until enough is there to go on. */
  isWaiting: boolean
  isEnded: boolean
  isReset: boolean
}

function newSegment(id: string): Segment {
  return {
    id,
    pieces: [],
    at: 0,
    queued: 0,
    handed: 0,
    heard: 0,
    told: 0,
    stretches: [],
    isWaiting: true,
    isEnded: false,
    isReset: false,
  }
}

/** Counts what lies before the head, and forgets the stretches that do. */
function hear(segment: Segment, head: number): void {
  for (let first = segment.stretches[0]; first && first.from < head; first = segment.stretches[0]) {
    const frames = Math.min(first.frames, head - first.from)
    segment.heard += frames
    first.from += frames
    first.frames -= frames
    if (first.frames > 0) return
    segment.stretches.shift()
  }
}

function fadeIn(samples: Float32Array): void {
  for (let at = 0; at < samples.length; at++) samples[at] = (samples[at] ?? 0) * rise(at / samples.length)
}

function fadeOut(samples: Float32Array): void {
  for (let at = 0; at < samples.length; at++) samples[at] = (samples[at] ?? 0) * rise(1 - (at + 1) / samples.length)
}

/** From 0 to 1 without a corner at either end. */
function rise(share: number): number {
  return (1 - Math.cos(Math.PI * share)) / 2
}

/** Makes frames of 16-bit samples of what a microphone gives, in memory that comes back and is used again. */
export class Framing {
  readonly #length: number
  readonly #spare: Int16Array<ArrayBuffer>[] = []
  #frame: Int16Array<ArrayBuffer>
  #filled = 0

  /** `length` is the samples of a frame. */
  constructor(length: number) {
    this.#length = length
    this.#frame = new Int16Array(length)
  }

  push(samples: Float32Array, give: (frame: Int16Array<ArrayBuffer>) => void): void {
    for (const sample of samples) {
      this.#frame[this.#filled++] = Math.round(Math.max(-1, Math.min(1, sample)) * 32_767)
      if (this.#filled < this.#length) continue
      give(this.#frame)
      this.#frame = this.#spare.pop() ?? new Int16Array(this.#length)
      this.#filled = 0
    }
  }

  giveBack(frame: Int16Array<ArrayBuffer>): void {
    if (frame.length === this.#length && this.#spare.length < mostSpare) this.#spare.push(frame)
  }
}

const mostSpare = 8

// ── The audio thread ──────────────────────────────────────────────────────────────────────────────────────────────────────

interface Port {
  onmessage: ((event: { readonly data: unknown }) => void) | null
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void
}

declare class AudioWorkletProcessor {
  readonly port: Port
}
declare const registerProcessor: ((name: string, processor: new (options: ProcessorOptions) => object) => void) | undefined
declare const sampleRate: number
declare const currentFrame: number

interface ProcessorOptions {
  readonly processorOptions?: { readonly frames?: number }
}

if (typeof registerProcessor === 'function') {
  registerProcessor(
    'vai-player',
    class extends AudioWorkletProcessor {
      readonly #playback: Playback

      constructor({ processorOptions: { frames: bufferFrames = 0 } = {} }: ProcessorOptions) {
        super()
        const { port } = this
        const report = (each: PlaybackReport): void => port.postMessage({ ...each, frame: currentFrame })
        this.#playback = new Playback({ rate: sampleRate, bufferFrames, report })
        port.onmessage = ({ data }) => {
          if (isCommand(data)) this.#playback.take(data)
        }
      }

      process(_inputs: unknown, [output]: readonly (readonly Float32Array[])[]): boolean {
        const [out, ...others] = output ?? []
        if (out) this.#playback.render(out)
        if (out) for (const other of others) other.set(out)
        if (this.#playback.isClosed) this.port.postMessage('closed')
        return !this.#playback.isClosed
      }
    },
  )

  registerProcessor(
    'vai-microphone',
    class extends AudioWorkletProcessor {
      readonly #framing: Framing
      readonly #give: (frame: Int16Array<ArrayBuffer>) => void
      #isStopped = false

      constructor({ processorOptions: { frames = sampleRate / 50 } = {} }: ProcessorOptions) {
        super()
        const { port } = this
        this.#framing = new Framing(Math.round(frames))
        this.#give = (frame) => port.postMessage(frame, [frame.buffer])
        port.onmessage = ({ data }) => {
          if (isFrame(data)) this.#framing.giveBack(data)
          else this.#isStopped = true
        }
      }

      process([input]: readonly (readonly Float32Array[])[]): boolean {
        const samples = input?.[0]
        if (samples && !this.#isStopped) this.#framing.push(samples, this.#give)
        return !this.#isStopped
      }
    },
  )
}

function isCommand(data: unknown): data is PlaybackCommand {
  return typeof data === 'object' && data !== null && 'type' in data
}

function isFrame(data: unknown): data is Int16Array<ArrayBuffer> {
  return data instanceof Int16Array && data.buffer instanceof ArrayBuffer
}
