import type { LiveAudioFormat } from '../generated/types.gen.ts'
import type { LiveMicrophone, LiveMicrophoneListener } from '../live/microphone.ts'
import { loadWorklet, newContext, running, usualWorklet } from './context.ts'
import { SoundError, soundErrorOf } from './errors.ts'
import { Resampler } from './resampler.ts'

export interface WorkletMicrophoneOptions {
  /** What to listen to. Its tracks stay the caller's, who stops them. Default: a microphone that the user is asked for, and that is let go in the end. */
  readonly stream?: MediaStream
  /** Of the microphone that is asked for, beside one channel without echo and noise: `{ deviceId }`, say. */
  readonly constraints?: MediaTrackConstraints
  /** Hertz: 8000, 16,000, 24,000, 44,100 or 48,000. Default 16,000, which is what most models hear with. */
  readonly sampleRate?: number
  /** As that of a `WorkletPlayer`. */
  readonly workletURL?: string | URL
}

/**
 * Hears what a page is allowed to hear, as 16-bit PCM in frames of 20 ms. The browser takes the assistant's voice out of it, so that a
 * session may say `features: { client_has_aec: true }`, which is the default.
 *
 * The user is asked when the session begins; `prepare()` before that asks earlier. What goes wrong is a `SoundError`.
 *
 * It is for one session, or one try at it: once it was stopped it asks for nothing more. Make another for the next.
 */
export class WorkletMicrophone implements LiveMicrophone {
  readonly format: LiveAudioFormat
  readonly #options: WorkletMicrophoneOptions
  #asking: Promise<MediaStream> | undefined
  #context: AudioContext | undefined
  #node: AudioWorkletNode | undefined
  #source: MediaStreamAudioSourceNode | undefined
  #track: MediaStreamTrack | undefined
  #listener: LiveMicrophoneListener | undefined
  #isStopped = false
  #giveUp: () => void = () => undefined
  /** Rejects when it is stopped, so that nobody waits for an answer of the user's that nobody needs. */
  readonly #stopped: Promise<never>

  constructor(options: WorkletMicrophoneOptions = {}) {
    this.#options = options
    this.format = { encoding: 'pcm_s16le', sample_rate_hz: options.sampleRate ?? usualRate }
    this.#stopped = new Promise((_, reject) => {
      this.#giveUp = () => reject(new SoundError('device_lost', 'The microphone was stopped.'))
    })
    this.#stopped.catch(() => undefined)
  }

  /**
   * Asks the user for the microphone, where no stream was given; once. Its stream, for those who want to show how loud it is. Throws a
   * `SoundError`, which is `device_lost` where the microphone was stopped, before or meanwhile.
   */
  prepare(): Promise<MediaStream> {
    if (this.#isStopped) return this.#stopped
    this.#asking ??= this.#ask()
    return Promise.race([this.#asking, this.#stopped])
  }

  async start(listener: LiveMicrophoneListener): Promise<void> {
    this.#listener = listener
    try {
      const stream = await this.prepare()
      await Promise.race([this.#listen(stream), this.#stopped])
    } catch (error) {
      await this.stop()
      throw soundErrorOf(error, 'device_in_use')
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#giveUp()
    this.#listener = undefined
    this.#track?.removeEventListener('ended', this.#ended)
    this.#node?.port.postMessage('stop')
    this.#node?.disconnect()
    this.#source?.disconnect()
    // Whoever is still being asked finds it stopped.
    this.#asking?.then((stream) => this.#release(stream)).catch(() => undefined)
    if (this.#context && this.#context.state !== 'closed') await this.#context.close()
  }

  async #ask(): Promise<MediaStream> {
    const { stream, constraints = {} } = this.#options
    if (stream) return stream
    if (!globalThis.navigator?.mediaDevices?.getUserMedia) throw new SoundError('unsupported', noMicrophones)
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: { ...usualConstraints, ...constraints } })
    } catch (error) {
      throw refusalOf(error)
    }
  }

  async #listen(stream: MediaStream): Promise<void> {
    const [track] = stream.getAudioTracks()
    if (!track || track.readyState === 'ended') throw new SoundError('no_device', 'The stream has no sound that could be heard.')
    this.#track = track
    track.addEventListener('ended', this.#ended)
    const { context, source } = this.#connect(stream)
    await Promise.all([running(context), loadWorklet(context, this.#options.workletURL ?? usualWorklet())])
    if (this.#isStopped) return
    const { sampleRate } = context
    const node = new AudioWorkletNode(context, 'vai-microphone', {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: 'explicit',
      processorOptions: { frames: Math.round(sampleRate / framesPerSecond) },
    })
    const { sample_rate_hz: wanted } = this.format
    const resampler = sampleRate === wanted ? undefined : new Resampler(sampleRate, wanted)
    node.port.onmessage = ({ data: frame }: MessageEvent<Int16Array<ArrayBuffer>>) => {
      this.#listener?.sound(bytesOf(resampler ? resampled(frame, resampler) : frame))
      // The frame is used again.
      node.port.postMessage(frame, [frame.buffer])
    }
    node.onprocessorerror = () => this.#fail('The AudioWorklet that records has broken.')
    source.connect(node)
    this.#node = node
  }

  /** The browser resamples, but for those that connect a stream to no context of another rate than the device's. */
  #connect(stream: MediaStream): { readonly context: AudioContext; readonly source: MediaStreamAudioSourceNode } {
    for (const rate of [this.format.sample_rate_hz, undefined]) {
      const context = newContext(rate)
      try {
        this.#source = context.createMediaStreamSource(stream)
        this.#context = context
        return { context, source: this.#source }
      } catch (error) {
        void context.close()
        if (rate === undefined) throw error
      }
    }
    throw new SoundError('unsupported', 'The stream cannot be listened to.')
  }

  readonly #ended = (): void => this.#fail('The microphone was unplugged, or taken away from the page.')

  #fail(why: string): void {
    const listener = this.#listener
    this.#listener = undefined
    listener?.failed(why)
  }

  #release(stream: MediaStream): void {
    if (!this.#options.stream) for (const track of stream.getTracks()) track.stop()
  }
}

const usualRate = 16_000
const framesPerSecond = 50
const usualConstraints = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true }
const noMicrophones = 'There is no microphone to be asked for here. Browsers have them on pages of HTTPS or localhost alone.'

function bytesOf(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
}

function resampled(frame: Int16Array, resampler: Resampler): Int16Array {
  const made = resampler.push(Float32Array.from(frame))
  return Int16Array.from(made, (sample) => Math.round(Math.max(-32_768, Math.min(32_767, sample))))
}

/** What browsers throw, by its name. */
function refusalOf(error: unknown): SoundError {
  const name = error instanceof Error ? error.name : ''
  const context = { cause: error }
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return new SoundError(
        'permission_denied',
        'The page may not use the microphone: allow it beside the address, and try again.',
        context,
      )
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new SoundError('no_device', 'There is no microphone that fits what was asked for.', context)
    case 'NotReadableError':
    case 'AbortError':
      return new SoundError('device_in_use', 'The microphone cannot be read; another program may be using it.', context)
    default:
      return soundErrorOf(error, 'unsupported')
  }
}
