import { UsageError } from '../errors.ts'
import type { LiveAudioFormat } from '../generated/types.gen.ts'
import type { LivePlayer, LivePlayerListener } from '../live/player.ts'
import { contextClosed, loadWorklet, newContext, running, usualWorklet } from './context.ts'
import { SoundDecoder } from './decoder.ts'
import { SoundError, soundErrorOf } from './errors.ts'
import type { PlaybackCommand, TimedReport } from './worklet.ts'

export interface WorkletPlayerOptions {
  /** Where to play. It stays the caller's, who closes it. Default: one of `sampleRate`, closed with the player. */
  readonly context?: AudioContext
  /** Of the context that is made, in hertz. Default 24,000, which is what sessions send unless they are asked otherwise. */
  readonly sampleRate?: number
  /** What is played through: a node of `context`, which has to be given, too; such as a `GainNode`. Default: the context's destination. */
  readonly destination?: AudioNode
  /** Milliseconds of a segment that are waited for before it begins, or goes on where sound came too late. Default 60. */
  readonly bufferMs?: number
  /**
   * Where the module of the AudioWorklet is. Default: `worklet.js` beside this module, which is `@vai/sdk/browser/worklet.js`: it imports
   * nothing and can be copied anywhere. A page with a Content-Security-Policy has to allow it in `script-src`.
   */
  readonly workletURL?: string | URL
}

/**
 * Plays a session's sound in an AudioWorklet, and tells what was heard of it: frames that were handed on, less the latency of the device.
 * At a reset what sounds fades within one render quantum (128 frames), and nothing follows.
 *
 * Browsers make no sound before the user has done something on the page, so make it in the handler of a click or a key, before the first
 * `await`:
 *
 * ```js
 * button.onclick = async () => {
 *   const player = new WorkletPlayer()
 *   const session = await vai.live.connect({ model, tts: { voice } }, { player })
 * }
 * ```
 *
 * It is for one session, or one try at it, which closes it in the end. Make another for the next.
 */
export class WorkletPlayer implements LivePlayer {
  readonly context: AudioContext
  /** Resolves once it can play; rejects with the `SoundError` of which a session is told by `failed`, or where it is closed before. */
  readonly ready: Promise<void>
  readonly #options: WorkletPlayerOptions
  readonly #sounds = new Map<string, Sound>()
  #node: AudioWorkletNode | undefined
  /** What it was told before there was a node. */
  readonly #early: PlaybackCommand[] = []
  #format: LiveAudioFormat | undefined
  #listener: LivePlayerListener | undefined
  #failure: SoundError | undefined
  #latency = -1
  #underruns = 0
  #closing: Promise<void> | undefined
  #left: (() => void) | undefined

  /**
   * Throws a `SoundError` (`unsupported`) where the browser has no AudioWorklet, or no context of the rate; and a `UsageError` for a
   * `destination` that is no node of `context`.
   */
  constructor(options: WorkletPlayerOptions = {}) {
    const { context, destination } = options
    if (destination && destination.context !== context) throw new UsageError(elsewhere)
    this.#options = options
    this.context = context ?? newContext(options.sampleRate ?? usualRate)
    this.context.addEventListener('statechange', this.#stateChanged)
    this.ready = this.#prepare().catch((error: unknown) => {
      if (!this.#closing) this.#fail(soundErrorOf(error, 'worklet_failed'))
      throw this.#failure ?? playerClosed()
    })
    // A session is told by its listener, and need not listen here.
    this.ready.catch(() => undefined)
  }

  /** How often sound came too late, and silence stood in for it. */
  get underruns(): number {
    return this.#underruns
  }

  /** Why nothing can be played any more. */
  get failure(): SoundError | undefined {
    return this.#failure
  }

  open(format: LiveAudioFormat, listener: LivePlayerListener): void {
    this.#format = format
    this.#listener = listener
    if (this.#failure) listener.failed(this.#failure.message)
    else if (this.#closing) listener.failed(playerClosed().message)
  }

  begin(id: string): void {
    if (!this.#format || this.#isOver) return
    const decoder = new SoundDecoder(this.#format, this.context.sampleRate)
    this.#sounds.set(id, { decoder, rate: this.#format.sample_rate_hz, playedMs: 0, isReset: false })
    this.#tell({ type: 'begin', id })
  }

  give(id: string, bytes: Uint8Array): void {
    const sound = this.#sounds.get(id)
    if (!sound || sound.isReset || this.#isOver) return
    this.#pass(id, sound.decoder.push(bytes))
    let waitingMs = 0
    for (const each of this.#sounds.values()) waitingMs += givenMs(each) - each.playedMs
    if (waitingMs > mostWaitingMs)
      this.#fail(new SoundError('overrun', `More than ${mostWaitingMs / 1000} s of sound wait to be played.`))
  }

  end(id: string): void {
    const sound = this.#sounds.get(id)
    if (!sound || sound.isReset || this.#isOver) return
    this.#pass(id, sound.decoder.end())
    this.#tell({ type: 'end', id })
  }

  reset(id: string): void {
    const sound = this.#sounds.get(id)
    if (!sound || sound.isReset || this.#isOver) return
    sound.isReset = true
    this.#tell({ type: 'reset', id })
  }

  hold(): void {
    this.#tell({ type: 'hold' })
  }

  go(): void {
    this.#tell({ type: 'go' })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  get #isOver(): boolean {
    return this.#failure !== undefined || this.#closing !== undefined
  }

  // ── The audio thread ────────────────────────────────────────────────────────────────────────────────────────────────────

  async #prepare(): Promise<void> {
    const { context } = this
    const { destination = context.destination, bufferMs = usualBufferMs, workletURL = usualWorklet() } = this.#options
    // Asked for at once, as the gesture does not last.
    await Promise.all([running(context), loadWorklet(context, workletURL)])
    if (this.#isOver) throw playerClosed()
    const node = new AudioWorkletNode(context, 'vai-player', {
      numberOfInputs: 0,
      outputChannelCount: [1],
      processorOptions: { frames: Math.round((bufferMs * context.sampleRate) / 1000) },
    })
    // Before it is connected, so that it is given up where it cannot be.
    this.#node = node
    node.port.onmessage = ({ data }: MessageEvent<TimedReport | 'closed'>) =>
      data === 'closed' ? this.#left?.() : this.#reported(data)
    node.onprocessorerror = () => this.#fail(new SoundError('worklet_failed', 'The AudioWorklet that plays has broken.'))
    node.connect(destination)
    this.#followLatency()
    for (const command of this.#early.splice(0)) this.#tell(command)
  }

  #pass(id: string, samples: Float32Array<ArrayBuffer>): void {
    if (samples.length > 0) this.#tell({ type: 'give', id, samples })
  }

  #tell(command: PlaybackCommand): void {
    if (this.#failure) return
    if (!this.#node) this.#early.push(command)
    else if (command.type === 'give') this.#node.port.postMessage(command, [command.samples.buffer])
    else this.#node.port.postMessage(command)
  }

  /** What is handed on is heard later, and how much later changes when headphones are put on. */
  #followLatency(): void {
    const { context } = this
    const seconds = (context.baseLatency || 0) + (context.outputLatency || 0)
    const frames = Math.round(Math.min(mostLatency, seconds) * context.sampleRate)
    if (frames === this.#latency) return
    this.#latency = frames
    this.#tell({ type: 'latency', frames })
  }

  #reported({ id, state, heard, handed, underruns, frame }: TimedReport): void {
    this.#underruns = underruns
    this.#followLatency()
    const sound = this.#sounds.get(id)
    if (!sound || this.#isOver) return
    const { context } = this
    if (state === 'began') {
      const inMs = ((frame + this.#latency) / context.sampleRate - context.currentTime) * 1000
      this.#listener?.began(id, inMs)
      return
    }
    const whole = givenMs(sound)
    sound.playedMs = state === 'finished' ? whole : Math.min(whole, (heard * 1000) / context.sampleRate)
    if (state !== 'playing') this.#sounds.delete(id)
    if (state === 'stopped') sound.playedMs = Math.min(whole, (handed * 1000) / context.sampleRate)
    this.#mark(id, sound, state)
  }

  #mark(id: string, sound: Sound, state: 'playing' | 'paused' | 'finished' | 'stopped'): void {
    const isOpen = state === 'playing' || state === 'paused'
    const buffered = isOpen ? givenMs(sound) - sound.playedMs : 0
    this.#listener?.mark({ assistant_audio_id: id, played_ms: tenths(sound.playedMs), buffered_ms: tenths(buffered), state })
  }

  /** A telephone call, or the page itself, may suspend the context in the middle of a sentence. */
  readonly #stateChanged = (): void => {
    if (this.#isOver || !this.#node) return
    if (this.context.state === 'closed') this.#fail(contextClosed())
    const [first] = this.#sounds
    if (first && this.context.state !== 'running') this.#mark(first[0], first[1], 'paused')
  }

  #fail(failure: SoundError): void {
    if (this.#isOver) return
    this.#failure = failure
    this.#early.length = 0
    this.#sounds.clear()
    this.#leave()
    this.#listener?.failed(failure.message)
  }

  async #close(): Promise<void> {
    const { context } = this
    context.removeEventListener('statechange', this.#stateChanged)
    this.#early.length = 0
    this.#sounds.clear()
    if (context.state === 'running' && !this.#failure) await this.#silence()
    this.#leave()
    if (!this.#options.context && context.state !== 'closed') await context.close()
  }

  /** Resolves when what sounds has faded, which takes a quantum, or after a while. */
  #silence(): Promise<void> {
    const { port } = this.#node ?? {}
    if (!port) return Promise.resolve()
    return new Promise((resolve) => {
      const bound = setTimeout(resolve, mostFadeMs)
      this.#left = () => {
        clearTimeout(bound)
        resolve()
      }
      port.postMessage(closing)
    })
  }

  /** The processor ends with the next quantum, whenever that is. */
  #leave(): void {
    this.#node?.port.postMessage(closing)
    this.#node?.disconnect()
  }
}

interface Sound {
  readonly decoder: SoundDecoder
  /** Of the format, in hertz. */
  readonly rate: number
  playedMs: number
  isReset: boolean
}

const closing: PlaybackCommand = { type: 'close' }
const elsewhere = 'What a player plays through has to be a node of the `context` that it is given with it.'
const usualRate = 24_000
const usualBufferMs = 60
/** The gateway sends 1.5 s ahead. */
const mostWaitingMs = 60_000
/** In seconds: Bluetooth has some tenths. */
const mostLatency = 2
const mostFadeMs = 500

function givenMs({ decoder, rate }: Sound): number {
  return (decoder.samples * 1000) / rate
}

function playerClosed(): SoundError {
  return new SoundError('context_closed', 'The player was closed. Each session needs one of its own.')
}

/** Rounded down: more than was sent cannot have been played. */
function tenths(ms: number): number {
  return Math.floor(ms * 10) / 10
}
