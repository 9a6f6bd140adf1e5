import type { Flush } from '../speech.ts'
import type { SpeechSocket } from '../speech-socket.ts'
import type { SourceReader } from '../speech-source.ts'
import type { VoiceWatch } from '../speech-watch.ts'
import { streamRate } from './capabilities.ts'
import { appendMessage, commitMessage } from './realtime-session.ts'
import type { CommitReason, RealtimeTranscript } from './realtime-transcript.ts'

/** Sends sound to a socket as it comes, while others read what the socket tells. */
export class SoundSender {
  readonly #socket: SpeechSocket
  readonly #transcript: RealtimeTranscript
  readonly #watch: VoiceWatch | undefined
  #isDone = false
  /** Bytes since the last commit. */
  #uncommitted = 0

  /** `watch` where the socket tells of turns. */
  constructor(socket: SpeechSocket, transcript: RealtimeTranscript, watch: VoiceWatch | undefined) {
    this.#socket = socket
    this.#transcript = transcript
    this.#watch = watch
  }

  /** Whether all sound was sent. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** Rejects where the sound cannot be had or sent. */
  async run(sound: SourceReader<Uint8Array | Flush>): Promise<void> {
    const isWhole = await sound.read(async (piece) => {
      if (piece instanceof Uint8Array) await this.#append(piece)
      else if (this.#uncommitted > 0) await this.#commit('flush')
    })
    if (!isWhole) return
    this.#isDone = true
    if (this.#uncommitted >= leastBytes) await this.#commit('end')
    // Whoever reads would wait for a word that nobody owes.
    if (!this.#transcript.isOwed) this.#socket.close()
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#watch?.sent(bytes, this.#transcript.isSpeaking)
    for (let at = 0; at < bytes.length; at += mostBytes) {
      const length = Math.min(mostBytes, bytes.length - at)
      await this.#socket.send(appendMessage(Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('base64')))
    }
    this.#uncommitted += bytes.length
  }

  async #commit(reason: CommitReason): Promise<void> {
    this.#uncommitted = 0
    this.#transcript.commit(reason)
    this.#socket.owe()
    await this.#socket.send(commitMessage)
  }
}

/** 100 ms: less is not committed. */
const leastBytes = (2 * streamRate) / 10
/** Of one message; even, so that no sample is cut. */
const mostBytes = 256 * 1024
