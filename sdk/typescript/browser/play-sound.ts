import { AbortedError } from '../errors.ts'
import type { AudioUnavailableEvent } from '../generated/types.gen.ts'
import type { PlaybackMark } from '../live/player.ts'
import type { MessageSound, Sound, SoundChunk } from '../stream/sound.ts'
import { SoundError } from './errors.ts'
import { WorkletPlayer, type WorkletPlayerOptions } from './player.ts'

export interface PlaySoundOptions extends WorkletPlayerOptions {
  /** Is silent at once, leaves the chunks, and throws an `AbortedError`. */
  readonly signal?: AbortSignal
}

export interface PlayedSound {
  readonly played_ms: number
  /** How often sound came too late. */
  readonly underruns: number
  /** Why the rest of the answer was not spoken, where it was not. */
  readonly unavailable?: AudioUnavailableEvent['error']
}

/**
 * Plays what a model says, while it comes: `playSound(stream.audio())`, or the whole of it, `playSound([soundOf(message)])`. Resolves when all
 * was heard and there are no more chunks. Takes `wav` and `pcm`; throws a `SoundError`, an `AbortedError`, and what the chunks throw.
 *
 * Where the voice fails, what was spoken is played and the text of the answer goes on. Where `playSound` throws, it leaves the chunks, as
 * any loop over them would: the stream that they are of is closed, and what else would have come of it with it.
 *
 * Call it in the handler of a click or a key, as a `WorkletPlayer` is made there.
 */
export async function playSound(
  sounds: AsyncIterable<Sound> | Iterable<Sound | MessageSound>,
  { signal, ...options }: PlaySoundOptions = {},
): Promise<PlayedSound> {
  if (signal?.aborted) throw aborted(signal)
  const pieces = Symbol.asyncIterator in sounds ? sounds[Symbol.asyncIterator]() : sounds[Symbol.iterator]()
  const playing = new Playing(new WorkletPlayer(options), signal)
  try {
    return await Promise.race([playAll(pieces, playing), playing.broken])
  } catch (error) {
    // Not waited for: the next piece, which may be far off, might have to come first.
    void leave(pieces)
    throw error
  } finally {
    await playing.close()
  }
}

type Pieces = AsyncIterator<Sound> | Iterator<Sound | MessageSound>

/** Goes on to the end where the voice has failed: whoever left a stream before would take from the caller what else comes of it. */
async function playAll(pieces: Pieces, playing: Playing): Promise<PlayedSound> {
  let unavailable: PlayedSound['unavailable']
  for (;;) {
    const piece = await pieces.next()
    if (piece.done) return { ...(await playing.finish()), ...(unavailable && { unavailable }) }
    if ('error' in piece.value) {
      unavailable = piece.value.error
      playing.end()
    } else await playing.give(piece.value)
  }
}

async function leave(pieces: Pieces): Promise<void> {
  try {
    await pieces.return?.()
  } catch {
    // The caller is told why they were left.
  }
}

class Playing {
  /** Rejects where nothing more can or shall be played. */
  readonly broken: Promise<never>
  readonly #player: WorkletPlayer
  readonly #signal: AbortSignal | undefined
  readonly #abort = (): void => this.#end(aborted(this.#signal))
  #format: { readonly rate: number } | undefined
  #givenMs = 0
  #playedMs = 0
  #isEnded = false
  #hasFinished = false
  #problem: Error | undefined
  #reject: (problem: Error) => void = () => undefined
  #wake: () => void = () => undefined

  constructor(player: WorkletPlayer, signal: AbortSignal | undefined) {
    this.#player = player
    this.#signal = signal
    this.broken = new Promise((_, reject) => {
      this.#reject = reject
    })
    signal?.addEventListener('abort', this.#abort)
    // A player that cannot play says so before there is anything to be played.
    player.ready.catch((error: Error) => this.#end(error))
  }

  /** Resolves when there is room for more. What comes behind the end is not played. */
  async give(chunk: SoundChunk | MessageSound): Promise<void> {
    if (this.#problem) throw this.#problem
    if (this.#isEnded) return
    const { rate, skips } = this.#formatOf(chunk)
    const bytes = skips ? withoutHeader(chunk.bytes) : chunk.bytes
    for (let at = 0; at < bytes.length; at += rate * bytesPerSample) {
      const some = bytes.subarray(at, at + rate * bytesPerSample)
      this.#player.give(id, some)
      this.#givenMs += (some.length * 1000) / bytesPerSample / rate
      await this.#until(() => this.#givenMs - this.#playedMs < aheadMs)
    }
  }

  /** There is no more to be played. */
  end(): void {
    if (this.#format && !this.#isEnded) this.#player.end(id)
    this.#isEnded = true
  }

  /** Resolves when all was heard. */
  async finish(): Promise<PlayedSound> {
    this.end()
    await this.#until(() => this.#hasFinished || !this.#format)
    return { played_ms: this.#playedMs, underruns: this.#player.underruns }
  }

  async close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#abort)
    await this.#player.close()
  }

  /** The first chunk opens the player, and has a header where it is of a WAV. */
  #formatOf({ format, sample_rate_hz: rate }: SoundChunk | MessageSound): { readonly rate: number; readonly skips: boolean } {
    if (this.#format) return { rate: this.#format.rate, skips: false }
    if ((format !== 'wav' && format !== 'pcm') || rate === undefined) throw new SoundError('unsupported', notPlayed)
    const player = this.#player
    player.open(
      { encoding: 'pcm_s16le', sample_rate_hz: rate },
      {
        mark: (mark) => this.#marked(mark),
        began: () => undefined,
        failed: (why) => this.#end(player.failure ?? new SoundError('worklet_failed', why)),
      },
    )
    player.begin(id)
    this.#format = { rate }
    return { rate, skips: format === 'wav' }
  }

  #marked({ played_ms, state }: PlaybackMark): void {
    this.#playedMs = played_ms
    this.#hasFinished = state === 'finished'
    this.#wake()
  }

  #end(problem: Error): void {
    this.#problem ??= problem
    this.#reject(problem)
    this.#wake()
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo() && !this.#problem) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#problem) throw this.#problem
  }
}

const id = 'sound'
const bytesPerSample = 2
/** So much is given before it is played; more waits where it comes from. */
const aheadMs = 2000
const notPlayed = 'Only wav and pcm are played here: ask for one of them, or give the bytes to an <audio> element.'

function aborted(signal: AbortSignal | undefined): AbortedError {
  return new AbortedError('The sound was stopped.', { cause: signal?.reason })
}

/** A WAV of the gateway begins with its header in one piece: chunks that say their length, the last of which is the sound. */
function withoutHeader(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 12; at + 8 <= bytes.length; ) {
    if (view.getUint32(at) === dataId) return bytes.subarray(at + 8)
    const length = view.getUint32(at + 4, true)
    at += 8 + length + (length % 2)
  }
  throw new SoundError('unsupported', 'The sound is no WAV file.')
}

/** `data`. */
const dataId = 0x64617461
